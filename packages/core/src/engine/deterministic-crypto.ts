/** Random bytes, numbers and UUIDs of `node:crypto` and Web Crypto inside orchestrations: from the seeded sequence. Reproducible by anybody: no keys or secrets may be made there. */
import nodeCrypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { newGuid } from './deterministic-guid.js'
import type { Execution } from './execution.js'
import { currentExecution } from './scope.js'

type Bytes = ArrayBufferView & { readonly byteLength: number }

export function installDeterministicCrypto(): void {
  const real = { randomUUID: nodeCrypto.randomUUID, randomBytes: nodeCrypto.randomBytes, randomInt: nodeCrypto.randomInt, getRandomValues: globalThis.crypto.getRandomValues.bind(globalThis.crypto) }
  const randomUUID = function randomUUID(...args: unknown[]): string {
    const x = currentExecution()
    return x === undefined ? (Reflect.apply(real.randomUUID, nodeCrypto, args) as string) : newGuid(x)
  }
  const randomBytes = function randomBytes(...args: unknown[]): unknown {
    const x = currentExecution()
    if (x === undefined || typeof args[1] === 'function') return Reflect.apply(real.randomBytes, nodeCrypto, args)
    return fill(x, Buffer.alloc(args[0] as number))
  }
  const randomInt = function randomInt(...args: unknown[]): unknown {
    const x = currentExecution()
    if (x === undefined || typeof args.at(-1) === 'function') return Reflect.apply(real.randomInt, nodeCrypto, args)
    const [min, max] = args.length === 1 ? [0, args[0] as number] : [args[0] as number, args[1] as number]
    return min + Math.floor(x.random.next() * (max - min))
  }
  const getRandomValues = function getRandomValues<T extends Bytes>(array: T): T {
    const x = currentExecution()
    return x === undefined ? (real.getRandomValues(array as never) as unknown as T) : fill(x, array)
  }
  for (const [name, value] of Object.entries({ randomUUID, randomBytes, randomInt })) {
    Object.defineProperty(nodeCrypto, name, { value, writable: true, configurable: true, enumerable: true })
  }
  syncBuiltinESMExports()
  // `getRandomValues` of node:crypto is a fixed accessor that ends at the method of the Web Crypto prototype.
  const webPrototype = Object.getPrototypeOf(globalThis.crypto) as object
  for (const [name, value] of Object.entries({ randomUUID, getRandomValues })) {
    Object.defineProperty(webPrototype, name, { value, writable: true, configurable: true, enumerable: true })
  }
}

function fill<T extends Bytes>(x: Execution, array: T): T {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(x.random.next() * 256)
  return array
}
