/**
 * The commit of a step of a sequence: a turn that was given results of activities that ran here, and after which clients see nothing new. One statement both checks and writes the row of the instance, and no index is touched.
 * Invariant: where anything is not as expected, nothing is written, and the whole commit decides.
 */
import { isFinal, type Checkpoint } from '@dtfx/core/provider'
import type { Sql } from '../file/sql.js'
import { instanceSql } from '../sql/instance-sql.js'
import { columnOf } from '../sql/text-column.js'
import { HeldAnswer } from './instance-session.js'
import type { OrchestrationItem } from './orchestration-item.js'

/** Returns whether the step is written; `number` of the instance is one more then. */
export function writeQuietStep(sql: Sql, item: OrchestrationItem, checkpoint: Checkpoint): boolean {
  const { session, port } = item
  const { state, checkpointId } = checkpoint
  if (state === undefined || !isQuiet(item, checkpoint)) return false
  const { status, executionId, customStatus, lastUpdatedAt } = state
  return sql.run(instanceSql.writeQuietStep, checkpointId, lastUpdatedAt, session.key, port.owner, session.number, status, columnOf(executionId), columnOf(customStatus)) > 0
}

function isQuiet({ isHeld, session, port, messages, answers }: OrchestrationItem, { base, state, history, consumedIds, settlements }: Checkpoint): boolean {
  if (!isHeld || port.isStopping || base !== session.version || state === undefined || isFinal(state.status)) return false
  if (history.kind !== 'append' || consumedIds !== undefined) return false
  if (messages.length !== answers.length || settlements.length !== answers.length) return false
  return settlements.every(({ receipt, outcome }) => receipt instanceof HeldAnswer && answers.includes(receipt) && (outcome === 'consumed' || outcome === 'discard'))
}
