/** Hands free activities to calls that wait, the oldest first, as part of a group: the file says who has them before their worker knows. */
import type { Delivered } from '@dtfx/core/provider'
import type { Transaction } from '../file/transaction.js'
import type { HubAccess } from '../hub-access.js'
import { deliveredFrom, type MessageRow } from '../messages/stored-message.js'
import { setAside } from '../messages/settle-messages.js'
import { messageSql } from '../sql/message-sql.js'
import { columnOf } from '../sql/text-column.js'
import type { Holder } from '../holder.js'
import { ActivityItem } from './activity-item.js'

export function claimActivities(hub: HubAccess, transaction: Transaction, ports: readonly Holder[]): void {
  if (!hub.work.hasActivities) return
  let left = false
  for (const port of ports) {
    const wanted = port.activityCalls.count
    if (wanted === 0) continue
    const rows = freeActivities(transaction, port, wanted)
    left ||= rows.length === wanted
    for (const row of rows) claim(hub, transaction, port, row)
  }
  // Nothing is left for whoever calls next, unless a worker without free slots left some.
  if (!left && ports.every((port) => port.activityCalls.names() === undefined)) transaction.onCommit(() => hub.work.activitiesTaken())
}

function freeActivities({ sql }: Transaction, port: Holder, wanted: number): MessageRow[] {
  const names = port.activityCalls.names()
  if (names === undefined) return sql.all<MessageRow>(messageSql.freeActivities, wanted)
  const rows = [...names].flatMap((name) => sql.all<MessageRow>(messageSql.freeActivitiesNamed, columnOf(name), wanted))
  return rows.sort((a, b) => a.arrival - b.arrival).slice(0, wanted)
}

function claim(hub: HubAccess, transaction: Transaction, port: Holder, row: MessageRow): void {
  const { sql } = transaction
  const delivered = readable(hub, transaction, row)
  if (delivered === undefined) return
  const { event } = delivered.message
  const call = port.activityCalls.take(event.type === 'TaskScheduled' ? event.name : '')
  if (call === undefined) return
  transaction.onUndo(() => port.activityCalls.giveBack(call))
  sql.run(messageSql.lockActivity, port.owner, row.arrival)
  transaction.onCommit(() => {
    const item = new ActivityItem(port, row.arrival, delivered)
    port.sessionOf(item.instanceId)?.running.add(item)
    call.resolve(item)
  })
}

/** A row that cannot be read is set aside alone. */
function readable(hub: HubAccess, transaction: Transaction, row: MessageRow): Delivered | undefined {
  try {
    return deliveredFrom({ ...row, deliveries: row.deliveries + 1 })
  } catch (error) {
    setAside(hub, transaction, row, { code: 'DTFX_WIRE_INVALID', reason: (error as Error).message })
    transaction.sql.run(messageSql.deleteActivity, row.arrival, 0)
    return undefined
  }
}
