/** Messages that were set aside. They wait until a person replays or deletes them. */
import { decodeMessage, type MessageId, type QuarantinedMessage, type QuarantinePort, type TaskMessage } from '@dtfx/core/provider'
import type { HubAccess } from '../hub-access.js'
import { instanceSql } from '../sql/instance-sql.js'
import { messageSql } from '../sql/message-sql.js'
import { textOf, type ColumnText } from '../sql/text-column.js'
import { makeReady } from './post-message.js'

const pageSize = 100

interface QuarantineRow {
  readonly position: number
  readonly id: string
  readonly target: ColumnText | null
  readonly name: ColumnText | null
  readonly reply_to: string | null
  readonly sender: ColumnText | null
  readonly message: string
  readonly code: string
  readonly reason: string
  readonly quarantined_at: string
}

export class SqliteQuarantinePort implements QuarantinePort {
  constructor(readonly hub: HubAccess) {}

  async *list(): AsyncGenerator<QuarantinedMessage> {
    for (let after = 0; ; ) {
      const rows = await this.hub.file.read((sql) => sql.all<QuarantineRow>(messageSql.quarantined, after, pageSize))
      for (const row of rows) yield shown(row)
      const last = rows[rows.length - 1]
      if (last === undefined) return
      after = last.position
    }
  }

  replay(id: MessageId): Promise<boolean> {
    const { hub } = this
    return hub.write((transaction) => {
      const { sql } = transaction
      const row = sql.get<QuarantineRow>(messageSql.getQuarantined, id)
      if (row === undefined) return false
      sql.run(messageSql.deleteQuarantined, id)
      const { target, name, reply_to: replyTo, sender, message } = row
      if (target === null) {
        sql.run(messageSql.insertActivity, 0, name ?? '', 0, hub.clock.nowMs(), id, sender, message)
        transaction.onCommit(() => hub.work.activitiesArrived())
        return true
      }
      const instance = sql.get<{ readonly key: number }>(instanceSql.find, target)?.key ?? sql.insert(instanceSql.insert, target)
      makeReady({ hub, transaction }, instance, sql.insert(messageSql.insert, instance, hub.clock.nowMs(), id, replyTo, sender, message))
      return true
    })
  }

  delete(id: MessageId): Promise<boolean> {
    return this.hub.write(({ sql }) => sql.run(messageSql.deleteQuarantined, id) > 0)
  }
}

function shown({ id, target, message, code, reason, quarantined_at: quarantinedAt }: QuarantineRow): QuarantinedMessage {
  const decoded = decodedOrNothing(message, id)
  return { id, instanceId: decoded?.instance.instanceId ?? textOf(target), message: decoded, code, reason, quarantinedAt }
}

function decodedOrNothing(message: string, id: string): TaskMessage | undefined {
  try {
    return decodeMessage(message, `message ${id}`)
  } catch {
    return undefined
  }
}
