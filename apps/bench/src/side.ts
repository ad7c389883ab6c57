/** Entry of the process of one side: opens, runs and closes it as its parent says. */
import type { Side } from './measurement.js'
import { answerParent } from './processes/child-program.js'
import type { SideRequest, SideToOpen } from './processes/side-process.js'
import { workloads } from './workloads/workloads.js'

let side: Side | undefined

answerParent(async (request: SideRequest) => {
  if (request.kind === 'open') side = await open(request.side)
  else if (request.kind === 'run') return side?.run()
  else await side?.close()
  return undefined
})

async function open({ workload: name, against, options }: SideToOpen): Promise<Side> {
  const workload = workloads.find((each) => each.name === name)
  const opener = against === undefined ? workload?.open : workload?.against?.[against]
  if (opener === undefined) throw new Error(`workload ${name} cannot be compared with '${against}'`)
  return opener(options)
}
