/** The recordings of the .NET framework under `../fixtures/recordings` (see the README there), as values. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Cell, StoredRow, TypedCell } from '@dtfx/azure-common'

type RecordedRow = Readonly<Record<string, string | number | boolean>>

export interface RecordedMessage {
  readonly queue: string
  readonly actor: string
  readonly visibilityTimeout: string | null
  readonly bodyText: string
  readonly base64: boolean
}

export interface Recording {
  readonly scenario: string
  readonly taskHub: string
  readonly settings: { readonly errorPropagationMode: 'SerializeExceptions' | 'UseFailureDetails'; readonly includeDetails: boolean }
  readonly facts: readonly { readonly k: string; readonly v: unknown }[]
  readonly queueMessagesPut: readonly RecordedMessage[]
  readonly tables: Readonly<Record<string, readonly RecordedRow[]>>
  readonly blobs: readonly { readonly container: string; readonly name: string; readonly text: string; readonly gzipMagic: boolean }[]
}

/** Versions of DurableTask.AzureStorage that were recorded. */
export const recordedVersions = ['1.17.5', '2.9.1'] as const
export type RecordedVersion = (typeof recordedVersions)[number]

const folder = (version: RecordedVersion): URL => new URL(`../fixtures/recordings/${version}/`, import.meta.url)

/** Files that are no run of an orchestration. */
const others: ReadonlySet<string> = new Set(['malformed-input', 'partition-mapping'])

export function recordedScenarios(version: RecordedVersion): string[] {
  return readdirSync(folder(version))
    .map((file) => file.replace(/\.json$/, ''))
    .filter((name) => !others.has(name))
}

export function readRecording(version: RecordedVersion, scenario: string): Recording {
  return readRecordedFile(version, scenario) as Recording
}

export function readRecordedFile(version: RecordedVersion, name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder(version)), 'utf8'))
}

export function rowsOf({ tables, taskHub }: Recording, table: 'History' | 'Instances' | 'Partitions'): readonly StoredRow[] {
  return (tables[`${taskHub}${table}`] ?? []).map(storedRowOf)
}

/** Text of the blobs in the hub's container, by name. */
export function blobTexts({ blobs }: Recording): ReadonlyMap<string, string> {
  return new Map(blobs.filter(({ container }) => container.endsWith('-largemessages')).map(({ name, text }) => [name, text]))
}

export function containerUrlOf({ taskHub }: Recording): string {
  return `http://127.0.0.1:21010/devstoreaccount1/${taskHub.toLowerCase()}-largemessages`
}

function storedRowOf(row: RecordedRow): StoredRow {
  const columns: Record<string, Cell> = {}
  for (const [name, value] of Object.entries(row)) {
    if (name.includes('@odata.') || ['odata.etag', 'PartitionKey', 'RowKey', 'Timestamp'].includes(name)) continue
    const type = row[`${name}@odata.type`]
    columns[name] = typeof type === 'string' ? { type: type.replace('Edm.', '') as TypedCell['type'], value: String(value) } : value
  }
  return { partitionKey: String(row['PartitionKey']), rowKey: String(row['RowKey']), etag: String(row['odata.etag']), columns }
}
