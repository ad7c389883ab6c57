/** A side in a process of its own, so that two frameworks share neither event loop nor heap nor compiled code. */
import type { Measurement, Side, SideOptions } from '../measurement.js'
import { ChildProgram } from './child-program.js'

export interface SideToOpen {
  readonly workload: string
  /** Undefined: ours. */
  readonly against: string | undefined
  readonly options: SideOptions
}

export type SideRequest = { readonly kind: 'open'; readonly side: SideToOpen } | { readonly kind: 'run' } | { readonly kind: 'close' }

export async function openSideProcess(side: SideToOpen): Promise<Side> {
  const child = new ChildProgram('side')
  const ask = (request: SideRequest): Promise<unknown> => child.ask(request)
  try {
    await ask({ kind: 'open', side })
  } catch (error) {
    child.kill()
    throw error
  }
  return {
    run: async () => (await ask({ kind: 'run' })) as readonly Measurement[],
    close: async () => {
      await ask({ kind: 'close' }).finally(() => child.kill())
    },
  }
}
