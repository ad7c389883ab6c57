/**
 * The memory provider as a simulated process sees it: every call of a port passes the gate of the process. Where a commit is one write, it is a step here; where it is several, the provider takes
 * each of them through the gate itself.
 */
import { delegateService, type ActivityWorkItem, type ClientPort, type OrchestrationService, type OrchestrationWorkItem, type Settlement, type WorkerPort, type WorkerSpec } from '@dtfx/core/provider'
import type { MemoryService } from '../memory/index.js'
import type { StepName } from '../memory/steps.js'
import type { FaultDice } from './fault-dice.js'
import type { ProcessGate } from './process-gate.js'

export interface GatedParts {
  readonly gate: ProcessGate
  readonly dice: FaultDice
}

export function gatedService(service: MemoryService, parts: GatedParts): OrchestrationService {
  const isAtomic = service.capabilities.commit === 'atomic'
  return delegateService(service, {
    client: gatedClient(service.client, parts.gate, isAtomic),
    startWorker: async (spec: WorkerSpec) => new GatedWorkerPort(await service.startWorker(spec), parts, isAtomic),
  })
}

/** Runs a call as one step. The step itself is synchronous: what the provider answers to `call` is there at once. */
async function asStep<T>(gate: ProcessGate, step: { readonly name: StepName; readonly instanceId: string }, call: () => Promise<T>): Promise<T> {
  return gate.take(step, call)
}

function gatedClient(client: Required<ClientPort>, gate: ProcessGate, isAtomic: boolean): ClientPort {
  const idOf = (messages: readonly { readonly message: { readonly instance: { readonly instanceId: string } } }[]): string => messages[0]?.message.instance.instanceId ?? ''
  return {
    create: (request) => (isAtomic ? asStep(gate, { name: 'claim', instanceId: idOf([request.start]) }, () => client.create(request)) : client.create(request)),
    send: (messages) => (isAtomic ? asStep(gate, { name: 'send', instanceId: idOf(messages) }, () => client.send(messages)) : client.send(messages)),
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
    readonly parts: GatedParts,
    readonly isAtomic: boolean,
  ) {}

  async nextOrchestration(signal: AbortSignal): Promise<OrchestrationWorkItem> {
    return gatedOrchestration(await this.#next((either) => this.port.nextOrchestration(either), signal), this.parts, this.isAtomic)
  }

  async nextActivity(request: { readonly accept?: readonly string[] | undefined }, signal: AbortSignal): Promise<ActivityWorkItem> {
    return gatedActivity(await this.#next((either) => this.port.nextActivity(request, either), signal), this.parts, this.isAtomic)
  }

  async stop(deadlineMs: number): Promise<{ readonly abandoned: number }> {
    await this.parts.gate.enter()
    return this.port.stop(deadlineMs)
  }

  /** A receiver that dies may still be handed something: then its lock runs out. */
  async #next<T>(fetch: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { gate } = this.parts
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

function gatedOrchestration(item: OrchestrationWorkItem, { gate, dice }: GatedParts, isAtomic: boolean): OrchestrationWorkItem {
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
      if (loseNow) (item as unknown as { lose?: () => void }).lose?.()
      return found
    },
    complete: (checkpoint) => (isAtomic ? asStep(gate, { name: 'write', instanceId }, () => item.complete(checkpoint)) : through(gate, () => item.complete(checkpoint))),
    markSuspect: () => through(gate, () => item.markSuspect()),
    renew: () => through(gate, () => item.renew()),
    release: (settlements: readonly Settlement[]) => (isAtomic ? asStep(gate, { name: 'settle', instanceId }, () => item.release(settlements)) : through(gate, () => item.release(settlements))),
  }
}

function gatedActivity(item: ActivityWorkItem, { gate, dice }: GatedParts, isAtomic: boolean): ActivityWorkItem {
  const { instanceId } = item.delivered.message.instance
  if (dice.losesLock()) (item as unknown as { lose?: () => void }).lose?.()
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
    complete: (event) => (isAtomic ? asStep(gate, { name: 'answer', instanceId }, () => item.complete(event)) : through(gate, () => item.complete(event))),
    release: (settlement) => asStep(gate, { name: 'settle', instanceId }, () => item.release(settlement)),
  }
}

async function through<T>(gate: ProcessGate, call: () => Promise<T>): Promise<T> {
  await gate.enter()
  const result = await call()
  await gate.enter()
  return result
}
