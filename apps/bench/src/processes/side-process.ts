/**
 * A side in a process of its own, so that two frameworks share neither event loop nor heap nor compiled code. The bench is its parent; it ends with it.
 * Invariant: at most one request is on its way.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Measurement, Side, SideOptions } from '../measurement.js'

export interface SideRequest {
  readonly workload: string
  /** Undefined: ours. */
  readonly against: string | undefined
  readonly options: SideOptions
}

export type ToSide = { readonly kind: 'open'; readonly request: SideRequest } | { readonly kind: 'run' } | { readonly kind: 'close' }
export type FromSide = { readonly kind: 'done'; readonly measurements: readonly Measurement[] } | { readonly kind: 'failed'; readonly problem: string }

/** The built program beside this one. */
const program = fileURLToPath(new URL('./side.js', import.meta.url))

export async function openSideProcess(request: SideRequest): Promise<Side> {
  const child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  try {
    await ask(child, { kind: 'open', request })
  } catch (error) {
    child.kill()
    throw error
  }
  return {
    run: () => ask(child, { kind: 'run' }),
    close: async () => {
      await ask(child, { kind: 'close' }).finally(() => child.kill())
    },
  }
}

function ask(child: ChildProcess, message: ToSide): Promise<readonly Measurement[]> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null): void => reject(new Error(`the process of a side ended with ${code ?? signal}`))
    child.once('exit', onExit)
    child.once('message', (answer: FromSide) => {
      child.off('exit', onExit)
      if (answer.kind === 'done') resolve(answer.measurements)
      else reject(new Error(answer.problem))
    })
    child.send(message, (error) => {
      if (error !== null) reject(error)
    })
  })
}
