/** Assertions on our own invariants. A failure is a defect of the framework: bad input of users has coded errors instead. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`dtfx invariant violated: ${invariant}`)
}

/** Ends an exhaustive switch: a new member of the union makes the call fail to compile. */
export function assertNever(value: never, what: string): never {
  throw new Error(`dtfx invariant violated: unknown ${what} ${JSON.stringify(value)}`)
}
