/** Names of everything that a task hub has in a namespace and in the storage account of its instance store. Pure. The names are those of .NET; queues are found in any case, tables keep the case of the hub's name. */

export interface HubNames {
  readonly hub: string
  readonly orchestratorQueue: string
  readonly workerQueue: string
  readonly trackingQueue: string
  /** States, histories, and the claims of ids. */
  readonly instanceTable: string
  /** Starts that are about to be sent. */
  readonly jumpStartTable: string
  /** What the names of all its containers begin with. */
  readonly containerPrefix: string
}

/** The queues by what is in them. */
export type QueueRole = 'orchestrator' | 'worker' | 'tracking'

export function hubNames(hub: string): HubNames {
  return {
    hub,
    orchestratorQueue: `${hub}/orchestrator`,
    workerQueue: `${hub}/worker`,
    trackingQueue: `${hub}/tracking`,
    instanceTable: `InstanceHistory00${hub}`,
    jumpStartTable: `JumpStart00${hub}`,
    containerPrefix: `${hub.toLowerCase()}-dtfx`,
  }
}

export function queueOf(names: HubNames, role: QueueRole): string {
  return role === 'orchestrator' ? names.orchestratorQueue : role === 'worker' ? names.workerQueue : names.trackingQueue
}
