/** Entry of the process of one side: opens, runs and closes it as its parent says. */
import type { Side } from './measurement.js'
import { answerParent } from './processes/child-program.js'
import type { SideRequest, SideToOpen } from './processes/side-process.js'
import { openHere } from './runner.js'
import { workloads } from './workloads/workloads.js'

let side: Side | undefined

answerParent(async (request: SideRequest) => {
  if (request.kind === 'open') side = await open(request.side)
  else if (request.kind === 'run') return side?.run()
  else await side?.close()
  return undefined
})

function open({ workload: name, against, options }: SideToOpen): Promise<Side> {
  const workload = workloads.find((each) => each.name === name)
  if (workload === undefined) throw new Error(`there is no workload '${name}'`)
  return openHere(workload, against, options)
}
