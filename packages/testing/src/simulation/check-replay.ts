/** Does a stored history replay to the stored end? Runs the engine once over it, so it costs as much as the instance itself; apart from the other rules for that reason. */
import type { AnyOrchestration } from '@dtfx/core'
import { replayHistory } from '../harness/replay-history.js'
import type { ObservedInstance } from './check-world.js'
import type { Violation } from './violation.js'

export async function checkReplay({ state, history }: ObservedInstance, orchestrations: readonly AnyOrchestration[]): Promise<Violation[]> {
  const { instanceId } = state
  // A pending instance that was terminated never ran.
  if (!history.some(({ type }) => type === 'ExecutionStarted')) return []
  try {
    const outcome = await replayHistory(orchestrations, history)
    if (outcome.status !== state.status) return [{ rule: 'replay', instanceId, detail: `is ${state.status} and replays as ${outcome.status}` }]
    const output = outcome.output === undefined ? undefined : JSON.stringify(outcome.output)
    return state.status !== 'Completed' || output === state.output ? [] : [{ rule: 'replay', instanceId, detail: `replays to another result: ${output?.slice(0, 200)}` }]
  } catch (error) {
    return [{ rule: 'replay', instanceId, detail: (error as Error).message }]
  }
}
