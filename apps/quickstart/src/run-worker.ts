/** `quickstart worker`: does the work that other processes start, until it is told to stop. */
import { once } from 'node:events'
import type { OrchestrationService } from '@dtfx/core'
import type { WorkerArguments } from './arguments.js'
import { onInterruption } from './interruption.js'
import { placeOf } from './open-service.js'
import { withStore } from './open-store.js'
import { quickstartWorker } from './quickstart-worker.js'
import { plural } from './report/wording.js'
import type { Screen } from './screen.js'
import { UserError } from './user-error.js'

/** Checks between two lines that say how many there were. */
const tellEvery = 100

/** @throws UserError, DurableError */
export async function runWorker(given: WorkerArguments, screen: Screen): Promise<void> {
  await withStore(given, (line) => screen.write(screen.paint.dim(line)), (service) => workOn(service, given, screen))
}

async function workOn(service: OrchestrationService, { killAfter, verbose }: WorkerArguments, screen: Screen): Promise<void> {
  if (service.name === 'memory') throw new UserError('What is in the memory of another process is not seen by this worker: leave --provider memory out.')
  let checks = 0
  const onCheck = (path: string, count: number): void => {
    checks = count
    if (verbose) screen.write(`Checked ${path}`)
    else if (count % tellEvery === 0) screen.write(`${plural(count, 'file')} checked here`)
  }
  const worker = quickstartWorker(service, { killAfter, onCheck })
  await worker.start()
  using interruption = onInterruption()
  const place = placeOf(service)
  screen.write(`Worker on ${service.name}${place === undefined ? '' : ` (${place})`}, process ${process.pid}: does the work of every run there, until Ctrl+C.`)
  if (!interruption.signal.aborted) await once(interruption.signal, 'abort')
  screen.write('Stopping: what is under way is ended or given back …')
  await worker.stop()
  screen.write(`Stopped. ${plural(checks, 'file')} checked here; what is left waits for a worker.`)
}
