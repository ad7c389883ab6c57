/** Histories, purge and the figures that autoscalers read. */
import { decodeHistory, isFinal, type HistoryEvent, type HistoryPort, type InstanceId, type OrchestrationStatus, type PurgePort, type ScaleMetrics, type ScalePort } from '@dtfx/core/provider'
import type { HubAccess } from './hub-access.js'
import { purgeInstance } from './instances/purge-instance.js'
import { instanceSql } from './sql/instance-sql.js'
import { messageSql } from './sql/message-sql.js'
import { columnOf, type ColumnText } from './sql/text-column.js'

/** Turns of one chunk. */
const chunkTurns = 500

interface LivenessRow {
  readonly key: number
  readonly status: OrchestrationStatus | null
  readonly execution_id: ColumnText | null
}

interface BacklogRow {
  readonly count: number
  readonly oldest: number | null
}

export class SqliteHistoryPort implements HistoryPort {
  constructor(readonly hub: HubAccess) {}

  async *read(instanceId: InstanceId): AsyncGenerator<readonly HistoryEvent[]> {
    const { file } = this.hub
    const found = await file.read((sql) => sql.get<LivenessRow>(instanceSql.liveness, columnOf(instanceId)))
    if (found === undefined) return
    for (let after = 0; ; ) {
      const rows = await file.read((sql) => sql.all<{ readonly position: number; readonly events: string }>(instanceSql.history, found.key, after, chunkTurns))
      const last = rows[rows.length - 1]
      if (last === undefined) return
      yield rows.flatMap(({ events }) => decodeHistory(events, `history of '${instanceId}'`))
      after = last.position
    }
  }
}

export class SqlitePurgePort implements PurgePort {
  constructor(readonly hub: HubAccess) {}

  purge(instanceId: InstanceId): Promise<'purged' | 'not-found' | 'not-finished'> {
    const { hub } = this
    return hub.write((transaction) => {
      const { sql } = transaction
      const row = sql.get<LivenessRow>(instanceSql.liveness, columnOf(instanceId))
      if (row === undefined || row.status === null) return 'not-found'
      if (!isFinal(row.status)) return 'not-finished'
      purgeInstance(sql, row)
      transaction.onCommit(() => hub.instanceChanged(instanceId))
      return 'purged'
    })
  }
}

export class SqliteScalePort implements ScalePort {
  constructor(readonly hub: HubAccess) {}

  metrics(): Promise<ScaleMetrics> {
    const { file, clock } = this.hub
    return file.read((sql) => {
      const messages = sql.get<BacklogRow>(messageSql.backlog)
      const activities = sql.get<BacklogRow>(messageSql.activityBacklog)
      const nowMs = clock.nowMs()
      const oldestMs = Math.min(messages?.oldest ?? nowMs, activities?.oldest ?? nowMs, nowMs)
      return { orchestrationBacklog: messages?.count ?? 0, activityBacklog: activities?.count ?? 0, oldestMessageAgeMs: nowMs - oldestMs }
    })
  }
}
