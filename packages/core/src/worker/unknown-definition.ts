/** How an unknown name travels from the innermost call through middleware, which may answer it, to the loop, which waits or gives up. Never seen by users. */

/** No definition of this name is registered, and no middleware gave an outcome instead. */
export class UnknownDefinition extends Error {
  constructor(
    readonly definitionName: string,
    readonly version: string | undefined,
  ) {
    super(`unknown definition '${definitionName}'`)
  }
}
