/** The service as a test's client sees it: the same, except that waiting for a change ends with an error when the hub is stuck. */
import { delegateService, type ClientPort, type OrchestrationService } from '@dtfx/core/provider'
import type { StuckMonitor, StuckWaiter } from './stuck-monitor.js'

export function watchedService(service: OrchestrationService, monitor: StuckMonitor): OrchestrationService {
  const { client } = service
  const watched: ClientPort = {
    create: (request) => client.create(request),
    send: (messages) => client.send(messages),
    getState: (instanceId, options) => client.getState(instanceId, options),
    watch: (instanceId, signal) =>
      new Promise((resolve, reject) => {
        const waiter: StuckWaiter = { instanceId, reject }
        const done = (): void => monitor.remove(waiter)
        monitor.add(waiter)
        client.watch?.(instanceId, signal).then(resolve, reject).finally(done)
      }),
  }
  return delegateService(service, { client: watched })
}
