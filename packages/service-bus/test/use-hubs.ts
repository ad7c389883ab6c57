/** Hubs on the bed of a test file, each with a client, a view from outside, and workers that can die: on a service of their own, which is closed at once, with its connections. */
import { TaskHubClient, TaskHubWorker, type TaskHubWorkerOptions } from '@dtfx/core'
import type { Host } from '@dtfx/core/provider'
import type { InjectedFault } from '@dtfx/service-bus-emulator'
import type { ServiceBusOptions, ServiceBusService } from '@dtfx/service-bus'
import { newHubName, type Bed } from './bed.js'
import { eventuallyEqual } from './eventually.js'
import { useViews, type HubView, type Role } from './hub-view.js'

export const roles: readonly Role[] = ['orchestrator', 'worker', 'tracking']
/** On a busy machine the locks still hold. */
const times = { lockDuration: '20s', requestTimeout: '10s', acceptTimeout: '10s', jumpStartInterval: '1h' } as const

export interface TestHub {
  readonly name: string
  readonly view: HubView
  readonly client: TaskHubClient
  readonly service: ServiceBusService
  open(options?: ServiceBusOptions, host?: Host): ServiceBusService
  work(options: TaskHubWorkerOptions, service?: ServiceBusOptions, host?: Host): Promise<{ readonly service: ServiceBusService; die(): Promise<void> }>
  /** From now on nothing can be sent to a queue. */
  busy(role: Role): InjectedFault
  counts(role: Role): ReturnType<Bed['bus']['counts']>
  /** Waits until nothing is left in the queues, no state either. */
  empty(): Promise<void>
}

export function useHubs(bed: Bed): (given?: ServiceBusOptions) => Promise<TestHub> {
  const viewOf = useViews(bed)
  return async (given = {}) => {
    const { taskHub: name = newHubName() } = given
    const open = (options: ServiceBusOptions = {}, host?: Host): ServiceBusService => bed.open({ localActivities: false, ...times, ...given, taskHub: name, ...options }, host)
    const used = roles.slice(0, given.instanceStore === false ? 2 : 3)
    const service = open()
    await service.createHub()
    const counts: TestHub['counts'] = (role) => bed.bus.counts(`${name}/${role}`)
    return {
      name,
      view: viewOf(name),
      client: new TaskHubClient(service),
      service,
      open,
      work: async (options, ownOptions = {}, host) => {
        const own = open(ownOptions, host)
        await new TaskHubWorker(own, options).start()
        return { service: own, die: () => own.close() }
      },
      busy: (role) => bed.bus.faults.inject({ on: 'send', queue: `${name}/${role}`, fault: { kind: 'server-busy' }, times: 1_000_000 }),
      counts,
      empty: () =>
        eventuallyEqual(
          () =>
            used.flatMap((role) => {
              const { active, locked, scheduled, deferred, deadLettered, sessions } = counts(role)
              return active + locked + scheduled + deferred + deadLettered + sessions === 0 ? [] : [{ role, active, locked, scheduled, deferred, deadLettered, sessions }]
            }),
          [],
        ),
    }
  }
}
