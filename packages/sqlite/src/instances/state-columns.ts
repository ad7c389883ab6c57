/** The state of an instance as columns: what SQL filters by, what every turn changes, and the rest as JSON, which stays for a whole execution. Input and output lie beside it as they are. */
import { parseWire, stateFromWire, stateToWire, wireText, type InstanceState, type OrchestrationStatus } from '@dtfx/core/provider'
import { sortableTicks } from '../sql/sortable-ticks.js'
import { columnOf, textOf, type ColumnText } from '../sql/text-column.js'

export interface StateRow {
  readonly key: number
  readonly number: number
  readonly status: OrchestrationStatus
  readonly custom_status: ColumnText | null
  readonly updated_at: string
  readonly state: string
  readonly input?: ColumnText | null
  readonly output?: ColumnText | null
}

export function stateJson(state: InstanceState): string {
  return wireText(stateToWire({ ...state, input: undefined, output: undefined, customStatus: undefined }, 'plain'))
}

/** What stays for a whole execution and queries filter by, in the order of the statements that write it. */
export function executionColumns(state: InstanceState): [executionId: ColumnText, name: ColumnText, version: ColumnText | null, parent: ColumnText | null, createdAt: string] {
  return [columnOf(state.executionId), columnOf(state.name), columnOf(state.version), columnOf(state.parent?.instance.instanceId), sortableTicks(state.createdAt)]
}

export function completedColumn({ completedAt }: InstanceState): string | null {
  return completedAt === undefined ? null : sortableTicks(completedAt)
}

/** @throws DTFX_WIRE_INVALID */
export function stateFrom(row: StateRow): InstanceState {
  const what = 'state of an instance'
  const read = stateFromWire(parseWire(row.state, what), what)
  const customStatus = textOf(row.custom_status)
  const input = textOf(row.input ?? null)
  const output = textOf(row.output ?? null)
  return {
    ...read,
    status: row.status,
    lastUpdatedAt: row.updated_at,
    ...(customStatus === undefined ? undefined : { customStatus }),
    ...(input === undefined ? undefined : { input }),
    ...(output === undefined ? undefined : { output }),
  }
}
