/**
 * Messages to and from durable entities, which .NET workers run and we do not: they are left in the queue for them, never set aside.
 * An instance id that begins with `@` is an entity's. The answer of an entity goes to an orchestration, and only its sender tells.
 */
import type { TaskMessage } from '@dtfx/core/provider'

export function isEntityId(instanceId: string | undefined): boolean {
  return instanceId?.startsWith('@') === true
}

export function isEntityMessage({ message, sender }: { readonly message: TaskMessage; readonly sender?: string | undefined }): boolean {
  return isEntityId(message.instance.instanceId) || isEntityId(sender)
}
