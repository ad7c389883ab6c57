/** An activity worker as .NET is one: one message at a time; the answer goes to the instance that scheduled it and echoes the Episode, which to .NET is a number for logs; then the message is deleted. */
import type { DotnetHub, DotnetMessage } from './dotnet-wire.js'
import { DotnetLoop } from './dotnet-loop.js'

export type DotnetActivities = Readonly<Record<string, (input: unknown) => unknown>>

export class DotnetActivityWorker {
  readonly loop: DotnetLoop
  /** Names, as they came. */
  readonly ran: string[] = []

  constructor(
    readonly hub: DotnetHub,
    readonly activities: DotnetActivities,
    /** What is sent beside the answer: stray messages. */
    readonly beside?: (message: DotnetMessage) => Promise<void>,
  ) {
    this.loop = new DotnetLoop(() => this.#look())
  }

  stop(): Promise<void> {
    return this.loop.stop()
  }

  async #look(): Promise<boolean> {
    const [received] = await this.hub.receive(this.hub.workItems, 1)
    if (received === undefined) return false
    const { item, message } = received
    const { Event: event, OrchestrationInstance: instance } = message.TaskMessage
    const name = String(event['Name'])
    const run = this.activities[name]
    if (run === undefined) {
      await this.hub.abandon(this.hub.workItems, item)
      return true
    }
    this.ran.push(name)
    await this.beside?.(message)
    await this.#answer(message, instance.InstanceId, run)
    await this.hub.delete(this.hub.workItems, item)
    return true
  }

  async #answer({ TaskMessage: { Event: event, OrchestrationInstance: instance }, Episode: episode }: DotnetMessage, instanceId: string, run: (input: unknown) => unknown): Promise<void> {
    const { hub } = this
    const executionId = String(instance.ExecutionId)
    const [input] = JSON.parse(String(event['Input'])) as unknown[]
    const to = { instanceId, executionId, sender: { InstanceId: instanceId, ExecutionId: executionId }, ...(episode === undefined ? undefined : { episode }) }
    const TaskScheduledId = event['EventId']
    try {
      const result = run(input)
      await hub.put(hub.controlQueue(instanceId), { ...to, type: 'TaskCompletedEvent', eventType: 5, members: { TaskScheduledId, Result: JSON.stringify(result) } })
    } catch (error) {
      await hub.put(hub.controlQueue(instanceId), { ...to, type: 'TaskFailedEvent', eventType: 6, members: { TaskScheduledId, Reason: (error as Error).message, Details: null, FailureDetails: null } })
    }
  }
}
