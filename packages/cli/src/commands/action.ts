/** From a parsed command to its work: opens the service, does it, closes the service whatever happened. */
import type { Command } from 'commander'
import type { CommandHost } from '../command-host.js'
import { DurableError } from '@dtfx/core'
import { exitCodeOf, exitCodes, type ExitCode } from '../exit-codes.js'
import { Session, type GlobalOptions } from '../session.js'

export interface Context {
  readonly host: CommandHost
  /** An error that does not end the command. */
  readonly report: (error: unknown) => Promise<void>
  readonly finished: (code: ExitCode) => void
}

/** The arguments as they were parsed, and the options of the command with those of every command. */
export interface Given<Options> {
  readonly args: readonly unknown[]
  readonly options: Options & GlobalOptions
}

/** Undefined: done. */
type Work<Options> = (session: Session, given: Given<Options>) => Promise<ExitCode | void>

const ofTheStore = /^DTFX_(TRANSIENT|AMBIGUOUS|PERMANENT)$/

/** What commander calls. */
export function action<Options>(context: Context, work: Work<Options>): (...args: unknown[]) => Promise<void> {
  return async (...all) => {
    const command = all.at(-1) as Command
    const options = command.optsWithGlobals<Options & GlobalOptions>()
    const { host } = context
    const service = await host.openService(options.config, { provider: options.provider, options: options.options, source: 'command line' })
    const session = new Session(host, service, options)
    try {
      if (service.name === 'memory') await session.note('note: the provider memory keeps everything in its own process; there is nothing in it that another one has put there.')
      // One bounded look: a store that does not answer is told of now, and not after all the retries of a client, which would take half a minute.
      await service.hubExists?.()
      context.finished((await work(session, { args: command.processedArgs, options })) ?? exitCodes.done)
    } catch (error) {
      throw await explained(session, error)
    } finally {
      session.beQuiet()
      await service.close()
    }
  }
}

/** The error itself, unless all there is to say is that there is no such hub. A person is told where it happened. */
async function explained(session: Session, error: unknown): Promise<unknown> {
  if (exitCodeOf(error) === exitCodes.usage) return error
  const isAway = DurableError.is(error) && /^DTFX_(TRANSIENT|AMBIGUOUS)$/.test(error.code)
  // What goes wrong here is of no interest: the first error is.
  const isThere = isAway ? undefined : await session.service.hubExists?.().catch(() => undefined)
  if (isThere === false) return new DurableError('DTFX_HUB_NOT_FOUND', { hub: session.place })
  if (DurableError.is(error) && ofTheStore.test(error.code)) await session.note(`note: it happened on ${session.place}`)
  return error
}
