/**
 * The memory provider as a simulated process sees it: every call of a port passes the gate of the process. Where a commit is one write, it is a step here; where it is several, the provider takes
 * each of them through the gate itself.
 */
import { delegateService, LocalActivity, type ActivityWorkItem, type ClientPort, type OrchestrationService, type OrchestrationWorkItem, type OutboundMessage, type Settlement, type WorkerPort, type WorkerSpec } from '@dtfx/core/provider'
import type { MemoryService } from '../memory/index.js'
import { HeldItem } from '../memory/held-item.js'
import type { Step } from '../memory/steps.js'
import type { FaultDice } from './fault-dice.js'
import type { ProcessGate } from './process-gate.js'

export interface GatedParts {
  readonly gate: ProcessGate
  readonly dice: FaultDice
}

/** What the ports of one process share. */
interface Gated extends GatedParts {
  /** A call that writes: one step where the provider writes at once, else the provider takes the steps itself. */
  readonly write: <T>(step: Step, call: () => Promise<T>) => Promise<T>
}

export function gatedService(service: MemoryService, parts: GatedParts): OrchestrationService {
  const { gate } = parts
  const isAtomic = service.capabilities.commit === 'atomic'
  const gated: Gated = { ...parts, write: (step, call) => (isAtomic ? gate.take(step, call) : through(gate, call)) }
  return delegateService(service, {
    client: gatedClient(service.client, gated),
    startWorker: async (spec: WorkerSpec) => new GatedWorkerPort(await service.startWorker(spec), gated),
  })
}

function gatedClient(client: Required<ClientPort>, { gate, write }: Gated): ClientPort {
  const idOf = (first: OutboundMessage | undefined): string => first?.message.instance.instanceId ?? ''
  return {
    create: (request) => write({ name: 'claim', instanceId: idOf(request.start) }, () => client.create(request)),
    send: (messages) => write({ name: 'send', instanceId: idOf(messages[0]) }, () => client.send(messages)),
    getState: async (instanceId, options) => {
      await gate.enter()
      return client.getState(instanceId, options)
    },
    watch: (instanceId, signal) => client.watch(instanceId, signal),
  }
}

class GatedWorkerPort implements WorkerPort {
  constructor(
    readonly port: WorkerPort,
    readonly gated: Gated,
  ) {}

  async nextOrchestration(signal: AbortSignal): Promise<OrchestrationWorkItem> {
    return gatedOrchestration(await this.#next((either) => this.port.nextOrchestration(either), signal), this.gated)
  }

  async nextActivity(request: { readonly accept?: readonly string[] | undefined }, signal: AbortSignal): Promise<ActivityWorkItem> {
    return gatedActivity(await this.#next((either) => this.port.nextActivity(request, either), signal), this.gated)
  }

  async stop(deadlineMs: number): Promise<{ readonly abandoned: number }> {
    await this.gated.gate.enter()
    return this.port.stop(deadlineMs)
  }

  /** A receiver that dies may still be handed something: then its lock runs out. */
  async #next<T>(fetch: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { gate } = this.gated
    await gate.enter()
    try {
      const item = await fetch(AbortSignal.any([signal, gate.death]))
      await gate.enter()
      return item
    } catch (error) {
      await gate.enter()
      throw error
    }
  }
}

function gatedOrchestration(item: OrchestrationWorkItem, { gate, dice, write }: Gated): OrchestrationWorkItem {
  const { instanceId } = item
  const loseNow = dice.losesLock()
  return {
    kind: item.kind,
    instanceId,
    messages: item.messages,
    lockedUntil: item.lockedUntil,
    get lost() {
      return item.lost
    },
    load: async (known) => {
      await gate.enter()
      const found = await item.load(known)
      await gate.enter()
      if (loseNow) loseLock(item)
      return found
    },
    complete: (checkpoint) => write({ name: 'write', instanceId }, () => item.complete(checkpoint)),
    markSuspect: () => through(gate, () => item.markSuspect()),
    renew: () => through(gate, () => item.renew()),
    release: (settlements: readonly Settlement[]) => write({ name: 'settle', instanceId }, () => item.release(settlements)),
  }
}

function gatedActivity(item: ActivityWorkItem, { gate, dice, write }: Gated): ActivityWorkItem {
  const { instanceId } = item.delivered.message.instance
  if (dice.losesLock()) loseLock(item)
  return {
    delivered: item.delivered,
    lockedUntil: item.lockedUntil,
    get lost() {
      return item.lost
    },
    get instanceGone() {
      return item.instanceGone
    },
    renew: () => through(gate, () => item.renew()),
    complete: (event) => write({ name: 'answer', instanceId }, () => item.complete(event)),
    release: (settlement) => gate.take({ name: 'settle', instanceId }, () => item.release(settlement)),
  }
}

async function through<T>(gate: ProcessGate, call: () => Promise<T>): Promise<T> {
  await gate.enter()
  const result = await call()
  await gate.enter()
  return result
}

function loseLock(item: object): void {
  const held = item instanceof LocalActivity ? item.backup : item
  if (held instanceof HeldItem) held.lose()
}
