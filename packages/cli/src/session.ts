/** One command at work: the open service with its client, and the ways to answer. */
import { DurableError, TaskHubClient, type OrchestrationService } from '@dtfx/core'
import type { CommandHost } from './command-host.js'
import { argumentError } from './exit-codes.js'
import { paintFor, type Paint } from './format/paint.js'

/** Options of every command. */
export interface GlobalOptions {
  readonly config?: string
  readonly provider?: string
  readonly options?: Record<string, unknown>
  readonly json?: true
  readonly yes?: true
  readonly verbose?: true
}

/** After so long without an answer a person is told that something is under way. */
const patienceMs = 4_000

export class Session {
  /** Creates no task hub: a typing error in its name must not. */
  readonly client: TaskHubClient
  readonly paint: Paint
  readonly #cancelNote: () => void

  constructor(
    readonly host: CommandHost,
    readonly service: OrchestrationService,
    readonly options: GlobalOptions,
  ) {
    this.client = new TaskHubClient(service, { autoCreate: false })
    this.paint = paintFor(host.out.colours)
    this.#cancelNote = host.clock.setTimer(patienceMs, () => void this.note(`note: still working on ${this.place}`), { keepAlive: false })
  }

  /** Waiting is what was asked for: nobody needs to be told. */
  beQuiet(): void {
    this.#cancelNote()
  }

  get asJson(): boolean {
    return this.options.json === true
  }

  /** Where the task hub is. */
  get place(): string {
    return this.service.location ?? `the task hub of provider '${this.service.name}'`
  }

  write(text: string): Promise<void> {
    this.beQuiet()
    return this.host.out.write(text)
  }

  print(text: string): Promise<void> {
    return this.write(`${text}\n`)
  }

  /** One line. */
  printJson(value: unknown): Promise<void> {
    return this.print(JSON.stringify(value))
  }

  /** `text` for people, `value` for programs. */
  answer(text: string, value: unknown): Promise<void> {
    return this.asJson ? this.printJson(value) : this.print(text)
  }

  /** Of interest to people only; never in the way of the result. */
  note(text: string): Promise<void> {
    return this.asJson ? Promise.resolve() : this.host.err.write(`${text}\n`)
  }

  /** True: the person agreed, or `--yes`. @throws DTFX_INVALID_OPTION where nobody can be asked */
  async confirm(question: string): Promise<boolean> {
    if (this.options.yes === true) return true
    this.beQuiet()
    if (this.host.ask === undefined) throw argumentError('--yes', `is missing; without a terminal nobody can be asked: ${question}`)
    if (/^\s*y(es)?\s*$/i.test(await this.host.ask(`${question} [y/N] `))) return true
    await this.host.err.write('Nothing was done.\n')
    return false
  }

  /** For what would fail without a word on the reason. @throws DTFX_HUB_NOT_FOUND */
  async requireHub(): Promise<void> {
    if ((await this.service.hubExists?.()) === false) throw new DurableError('DTFX_HUB_NOT_FOUND', { hub: this.place })
  }

  /** A port that not every provider has. @throws DTFX_NOT_SUPPORTED */
  require<Name extends 'history' | 'quarantine' | 'scale'>(name: Name, what: string): NonNullable<OrchestrationService[Name]> {
    const port = this.service[name]
    if (port === undefined) throw new DurableError('DTFX_NOT_SUPPORTED', { provider: this.service.name, what })
    return port
  }
}
