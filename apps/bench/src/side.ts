/** Entry of the process of one side: opens, runs and closes it as its parent says, and ends when the parent is gone. */
import type { Side } from './measurement.js'
import type { FromSide, SideRequest, ToSide } from './processes/side-process.js'
import { workloads } from './workloads/workloads.js'

let side: Side | undefined

process.on('disconnect', () => process.exit(0))
process.on('message', (message: ToSide) => {
  void answer(message).then((reply) => process.send?.(reply))
})

async function answer(message: ToSide): Promise<FromSide> {
  try {
    if (message.kind === 'open') side = await open(message.request)
    else if (message.kind === 'run') return { kind: 'done', measurements: (await side?.run()) ?? [] }
    else await side?.close()
    return { kind: 'done', measurements: [] }
  } catch (error) {
    return { kind: 'failed', problem: error instanceof Error ? error.message : String(error) }
  }
}

async function open({ workload: name, against, options }: SideRequest): Promise<Side> {
  const workload = workloads.find((each) => each.name === name)
  const opener = against === undefined ? workload?.open : workload?.against?.[against]
  if (opener === undefined) throw new Error(`workload ${name} cannot be compared with '${against}'`)
  return opener(options)
}
