/** What the emulator throws at the code that starts it. Clients get the errors of the service instead. Every code is described in docs/service-bus-emulator.md. */

export type EmulatorErrorCode =
  /** An option, or an entry of a configuration file, is wrong or not supported. */
  | 'DTFX_EMULATOR_OPTIONS'
  /** The port cannot be listened on. */
  | 'DTFX_EMULATOR_PORT'
  /** The file of a persistent emulator cannot be read or written. */
  | 'DTFX_EMULATOR_FILE'
  /** The file of a persistent emulator is damaged. */
  | 'DTFX_EMULATOR_FILE_CORRUPT'
  /** There is no such queue. */
  | 'DTFX_EMULATOR_QUEUE'
  /** The emulator has been closed. */
  | 'DTFX_EMULATOR_CLOSED'

export class EmulatorError extends Error {
  override readonly name = 'EmulatorError'

  constructor(
    readonly code: EmulatorErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${code}: ${message}`, options)
  }
}
