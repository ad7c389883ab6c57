/** What a command has of the process around it, injected: tests give their own. */
import type { Clock, ConfigOverrides, OrchestrationService } from '@dtfx/core'

export interface Output {
  /** Resolves when more may be written. What a reader who has gone does not read is dropped in silence. */
  write(text: string): Promise<void>
  /** The reader has gone: there is no use in going on for it. */
  readonly isClosed: boolean
  /** Columns of the terminal; undefined: it is none. */
  readonly width: number | undefined
  readonly colours: boolean
}

export interface CommandHost {
  readonly out: Output
  readonly err: Output
  readonly clock: Clock
  readonly version: string
  /** `config`: path of a configuration file; undefined: the one that is found. */
  openService(config: string | undefined, overrides: ConfigOverrides): Promise<OrchestrationService>
  /** Everything on standard input. */
  readInput(): Promise<string>
  readFile(path: string): Promise<string>
  /** @throws the system's error, EEXIST where the file is there and may not be replaced */
  writeFile(path: string, text: string, options: { readonly replace: boolean }): Promise<void>
  /** One line from the person at the terminal; undefined: where nobody can be asked. */
  readonly ask?: ((question: string) => Promise<string>) | undefined
  /** The first interruption (Ctrl-C) aborts the signal instead of ending the process. */
  untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T>
}
