/**
 * Hands instances to calls that wait, as part of a group: the file says who has them before their worker knows. Those that a worker kept go to that worker; the others to workers in turn.
 * Instances whose turns came to no end are handed out one at a time: when many share a process that dies, only one of them can be to blame, and the others must not be counted with it.
 * Instances that have begun go before those that have not, seven times out of eight: what is in memory comes to its end before more is begun, and nobody starves.
 */
import type { Delivered, OrchestrationWorkItem } from '@dtfx/core/provider'
import type { Transaction } from '../file/transaction.js'
import type { Holder } from '../holder.js'
import type { HubAccess } from '../hub-access.js'
import { deliveredFrom, type MessageRow } from '../messages/stored-message.js'
import { setAside } from '../messages/settle-messages.js'
import { instanceSql } from '../sql/instance-sql.js'
import { messageSql } from '../sql/message-sql.js'
import { textOf, type ColumnText } from '../sql/text-column.js'
import type { WaitingCall } from '../waiting-calls.js'
import { InstanceSession } from './instance-session.js'
import { OrchestrationItem } from './orchestration-item.js'

/** Of as many turns one goes to an instance that has not begun, if there is one. */
const turnsPerFreshStart = 8

interface ReadyRow {
  readonly key: number
  readonly id: ColumnText
  readonly number: number
  readonly execution_id: ColumnText | null
  readonly isSuspect?: boolean
}

/** The worker whose turn it is among those that want something. */
export type NextPort = (wants: (port: Holder) => boolean) => Holder | undefined

export class InstanceClaims {
  /** Turns handed out so far. */
  #turns = 0

  constructor(
    readonly hub: HubAccess,
    readonly nextPort: NextPort,
  ) {}

  claim(transaction: Transaction, ports: readonly Holder[]): void {
    const { hub } = this
    for (const port of ports) claimKept(hub, transaction, port)
    if (!hub.work.hasInstances) return
    const wanted = ports.reduce((sum, port) => sum + port.orchestrationCalls.count, 0)
    if (wanted === 0) return
    this.#claimSuspects(transaction, ports)
    const rows = this.#readyRows(transaction, wanted)
    if (rows.length < wanted) transaction.onCommit(() => hub.work.instancesTaken())
    for (const row of rows) {
      const port = this.nextPort((each) => each.orchestrationCalls.count > 0)
      if (port !== undefined) claim(hub, transaction, port, row)
    }
  }

  #claimSuspects(transaction: Transaction, ports: readonly Holder[]): void {
    const free = ports.filter((port) => port.orchestrationCalls.count > 0 && ![...port.items].some(({ isSuspect }) => isSuspect))
    if (free.length === 0) return
    const suspects = transaction.sql.all<ReadyRow>(instanceSql.suspects, free.length)
    for (const [index, row] of suspects.entries()) {
      const port = free[index]
      if (port !== undefined) claim(this.hub, transaction, port, { ...row, isSuspect: true })
    }
  }

  #readyRows({ sql }: Transaction, wanted: number): ReadyRow[] {
    const turns = this.#turns + wanted
    const freshFirst = Math.floor(turns / turnsPerFreshStart) - Math.floor(this.#turns / turnsPerFreshStart)
    this.#turns = turns
    const begun = sql.all<ReadyRow>(instanceSql.ready, 0, 1, wanted)
    const room = Math.max(wanted - begun.length, freshFirst)
    const fresh = room === 0 ? [] : sql.all<ReadyRow>(instanceSql.ready, 0, 0, room)
    return [...begun.slice(0, wanted - Math.min(fresh.length, freshFirst)), ...fresh].slice(0, wanted)
  }
}

/** Instances that their worker kept, with results alone: they are locked, and what they are given is in memory. Returns whether there were any. */
export function handOutAnswers(ports: Iterable<Holder>): boolean {
  let any = false
  for (const port of ports) {
    if (port.isStopping || port.orchestrationCalls.count === 0 || !port.lease.isValid) continue
    for (const session of port.readySessions()) {
      if (session.hasMessages) continue
      const call = port.orchestrationCalls.take()
      if (call === undefined) break
      resolveCall(call, port, { session, messages: [] })
      any = true
    }
  }
  return any
}

/** Instances that the worker kept, with results or messages. */
function claimKept(hub: HubAccess, transaction: Transaction, port: Holder): void {
  for (const session of port.readySessions()) {
    if (port.orchestrationCalls.count === 0) return
    const messages = session.hasMessages ? takeMessages(hub, transaction, { key: session.key, instanceId: session.instanceId, owner: port.owner }) : []
    if (messages.length === 0 && session.answers.length === 0) {
      transaction.onCommit(() => (session.hasMessages = false))
      continue
    }
    handOut(transaction, port, { session, messages })
  }
}

function claim(hub: HubAccess, transaction: Transaction, port: Holder, row: ReadyRow): void {
  const instanceId = textOf(row.id)
  const messages = takeMessages(hub, transaction, { key: row.key, instanceId, owner: port.owner })
  if (messages.length === 0) {
    transaction.sql.run(instanceSql.lock, 0, row.key)
    transaction.sql.run(instanceSql.collect, row.key)
    return
  }
  const session = new InstanceSession(row.key, instanceId, row.number, textOf(row.execution_id))
  transaction.onCommit(() => port.addSession(session))
  handOut(transaction, port, { session, messages, isSuspect: row.isSuspect })
}

interface HandedOut {
  readonly session: InstanceSession
  readonly messages: readonly Delivered[]
  readonly isSuspect?: boolean | undefined
}

function handOut(transaction: Transaction, port: Holder, handedOut: HandedOut): void {
  const call = port.orchestrationCalls.take()
  if (call === undefined) return
  transaction.onUndo(() => port.orchestrationCalls.giveBack(call))
  transaction.onCommit(() => resolveCall(call, port, handedOut))
}

function resolveCall(call: WaitingCall<OrchestrationWorkItem>, port: Holder, { session, messages, isSuspect }: HandedOut): void {
  const { answers } = session
  session.answers = []
  session.hasMessages = false
  call.resolve(new OrchestrationItem(port, session, messages, answers, isSuspect))
}

interface Taker {
  readonly key: number
  readonly instanceId: string
  readonly owner: number
}

/** All messages of an instance, which is locked for them. One that cannot be read is set aside alone. */
function takeMessages(hub: HubAccess, transaction: Transaction, { key, instanceId, owner }: Taker): Delivered[] {
  const { sql } = transaction
  sql.run(instanceSql.lock, owner, key)
  const messages: Delivered[] = []
  for (const row of sql.all<MessageRow>(messageSql.take, key).sort((a, b) => a.arrival - b.arrival)) {
    try {
      messages.push(deliveredFrom(row))
    } catch (error) {
      setAside(hub, transaction, row, { target: instanceId, code: 'DTFX_WIRE_INVALID', reason: (error as Error).message })
      sql.run(messageSql.delete, row.arrival)
    }
  }
  return messages
}
