/** A look at an instance before a message goes to it: an unknown or finished one would drop it without a word. */
import { DurableError, type OrchestrationState } from '@dtfx/core'
import type { Session } from '../session.js'

/** @throws DTFX_INSTANCE_NOT_FOUND, DTFX_INSTANCE_FINISHED */
export async function liveState(session: Session, instanceId: string, what: string): Promise<OrchestrationState> {
  const state = await session.client.state(instanceId, { payloads: false })
  if (state === undefined) throw new DurableError('DTFX_INSTANCE_NOT_FOUND', { instanceId })
  if (state.isFinal) throw new DurableError('DTFX_INSTANCE_FINISHED', { instanceId, status: state.status, what })
  return state
}
