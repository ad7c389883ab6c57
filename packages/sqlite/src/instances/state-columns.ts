/** The state of an instance as columns: what SQL filters by, and the rest as JSON. Input and output lie apart, because they can be large and hardly ever change. */
import { parseWire, stateFromWire, stateToWire, wireText, type InstanceState, type OrchestrationStatus } from '@dtfx/core/provider'
import { sortableTicks } from '../sql/sortable-ticks.js'
import { columnOf, textOf, type ColumnText } from '../sql/text-column.js'

export interface StateRow {
  readonly key: number
  readonly number: number
  readonly state: string | null
  readonly status: OrchestrationStatus
  readonly custom_status: ColumnText | null
}

export interface PayloadRow {
  readonly input: ColumnText | null
  readonly output: ColumnText | null
}

/** What is written in every turn. */
export function stateJson(state: InstanceState): string {
  return wireText(stateToWire({ ...state, input: undefined, output: undefined, customStatus: undefined }, 'plain'))
}

/** The columns of a state, in the order of the statements that write them: after status and execution id those that queries filter by. */
export function identityColumns(state: InstanceState): [status: string, executionId: ColumnText, name: ColumnText, version: ColumnText | null, parent: ColumnText | null, createdAt: string] {
  return [state.status, columnOf(state.executionId), columnOf(state.name), columnOf(state.version), columnOf(state.parent?.instance.instanceId), sortableTicks(state.createdAt)]
}

export function completedColumn({ completedAt }: InstanceState): string | null {
  return completedAt === undefined ? null : sortableTicks(completedAt)
}

/** @throws DTFX_WIRE_INVALID */
export function stateFrom(row: StateRow, payloads: PayloadRow | undefined): InstanceState {
  const read = stateFromWire(parseWire(row.state ?? '', 'state of an instance'), 'state of an instance')
  const customStatus = textOf(row.custom_status)
  const input = textOf(payloads?.input ?? null)
  const output = textOf(payloads?.output ?? null)
  return {
    ...read,
    status: row.status,
    ...(customStatus === undefined ? undefined : { customStatus }),
    ...(input === undefined ? undefined : { input }),
    ...(output === undefined ? undefined : { output }),
  }
}
