/**
 * Text that a table cell cannot hold: it goes to a blob, the cell is empty, and a second column names the blob. Pure: what to write and what to read, not how.
 * In the Instances table `Input` and `Output` are the URL of the blob instead, which is what .NET reads there.
 *
 * Invariants:
 * 1. Names carry the checkpoint id, where .NET has a random number: two workers that race never write the same blob, and one that repeats a commit does.
 * 2. A URL counts as one of ours only if it is in our container: a payload that happens to be a URL is a payload.
 */
import type { EventTypeName } from '@dtfx/core/provider'
import { type Cell, escapeKey, type Row } from '@dtfx/azure-common'

/** UTF-16 bytes. */
const maxCellBytes = 60 * 1024

const historyColumns: readonly string[] = ['Name', 'Input', 'Result', 'Output', 'Reason', 'Details', 'Correlation', 'FailureDetails', 'Tags', 'Data', 'DtfxExtra']
const sentinelColumns: readonly string[] = ['CommittedState']
const instanceColumns: readonly string[] = ['Tags', 'CustomStatus', 'FailureDetails', 'StartMessages', 'DtfxExtra']
const urlColumns: readonly string[] = ['Input', 'Output']

export interface BlobText {
  readonly blobName: string
  readonly text: string
}

export interface BlobReference {
  readonly column: string
  readonly blobName: string
}

/** Columns to write, and the blobs that must be there before. */
export interface SplitRow {
  readonly columns: Row
  readonly blobs: readonly BlobText[]
}

export function splitHistoryRow(columns: Row, of: { readonly instanceId: string; readonly rowKey: string; readonly checkpointId: string }): SplitRow {
  const eventType = String(columns['EventType']) as EventTypeName
  return split(columns, historyColumns, (column) => historyBlobName({ ...of, eventType, column }))
}

export function splitSentinelRow(columns: Row, of: { readonly instanceId: string; readonly checkpointId: string }): SplitRow {
  return split(columns, sentinelColumns, (column) => historyBlobName({ ...of, rowKey: 'sentinel', eventType: column, column }))
}

/** `known`: blobs that have the text already, those of the history; by column. */
export function splitInstanceRow(
  columns: Row,
  of: { readonly instanceId: string; readonly checkpointId: string; readonly containerUrl: string; readonly known?: Readonly<Record<string, string>> },
): SplitRow {
  const nameOf = (column: string): string => historyBlobName({ ...of, rowKey: '', eventType: column, column })
  const named = split(columns, instanceColumns, nameOf)
  const written: Record<string, Cell> = { ...named.columns }
  const blobs = [...named.blobs]
  for (const column of urlColumns) {
    const text = columns[column]
    if (!isLargeText(text)) continue
    const knownName = of.known?.[column]
    const blobName = knownName ?? nameOf(column)
    if (knownName === undefined) blobs.push({ blobName, text })
    written[column] = blobUrl(of.containerUrl, blobName)
    written[`${column}BlobName`] = blobName
  }
  return { columns: written, blobs }
}

export function blobsOfHistoryRow(columns: Row): readonly BlobReference[] {
  return references(columns, historyColumns)
}

export function blobsOfSentinelRow(columns: Row): readonly BlobReference[] {
  return references(columns, sentinelColumns)
}

/** The blob of an `Input` may be a start message; see `isStartMessageBlob`. */
export function blobsOfInstanceRow(columns: Row, containerUrl: string): readonly BlobReference[] {
  const named = references(columns, [...instanceColumns, ...urlColumns])
  const linked = urlColumns.flatMap((column) => {
    const cell = columns[column]
    const blobName = typeof cell === 'string' ? blobNameOfUrl(containerUrl, cell) : undefined
    return blobName === undefined ? [] : [{ column, blobName }]
  })
  return [...named, ...linked]
}

/** The row with the texts of its blobs, by column; a column that has none there stays as it is. */
export function withTexts(columns: Row, texts: Readonly<Record<string, string>>): Row {
  const whole: Record<string, Cell> = { ...columns, ...texts }
  for (const column of Object.keys(texts)) delete whole[`${column}BlobName`]
  return whole
}

/** .NET's client does not write a large input twice: its row names the blob of the start message. */
export function isStartMessageBlob(blobName: string): boolean {
  return /\/message-[0-9a-f]{32}-ExecutionStarted\.json\.gz$/.test(blobName)
}

/** Of a checkpoint that is on its way: gone when it is committed whole, unless its writer died just then. */
export function planBlobName(instanceId: string, checkpointId: string): string {
  return `${escapeKey(instanceId)}/history-plan-${checkpointId}.json.gz`
}

/** What the names of an instance's blobs begin with: its messages have its id as it is, its rows and plans the escaped one. So may begin the names of others. */
export function blobPrefixesOf(instanceId: string): readonly string[] {
  return [`${instanceId}/message-`, `${escapeKey(instanceId)}/history-`]
}

/** Ids may hold slashes: whose blob it is, all of the name tells. */
export function isBlobOf(instanceId: string, blobName: string): boolean {
  return blobPrefixesOf(instanceId).some((prefix) => blobName.startsWith(prefix) && !blobName.slice(prefix.length).includes('/'))
}

/** Of its row in the Instances table, where a claim that is about to be made may have some as well. */
export function isInstanceRowBlob(instanceId: string, blobName: string): boolean {
  return blobName.startsWith(historyBlobPrefix(instanceId, ''))
}

export function blobUrl(containerUrl: string, blobName: string): string {
  return `${withoutQuery(containerUrl)}/${blobName.split('/').map(escapeSegment).join('/')}`
}

/** Undefined: it is no URL of a blob in this container. */
export function blobNameOfUrl(containerUrl: string, url: string): string | undefined {
  const prefix = `${withoutQuery(containerUrl)}/`
  if (!url.startsWith(prefix) || url.length === prefix.length || url.length > 8_192) return undefined
  try {
    return url.slice(prefix.length).split('/').map(decodeURIComponent).join('/')
  } catch {
    return undefined
  }
}

interface HistoryBlob {
  readonly instanceId: string
  readonly rowKey: string
  readonly eventType: string
  readonly checkpointId: string
  readonly column: string
}

function historyBlobName({ instanceId, rowKey, eventType, checkpointId, column }: HistoryBlob): string {
  return `${historyBlobPrefix(instanceId, rowKey)}${eventType}-${checkpointId}-${column}.json.gz`
}

function historyBlobPrefix(instanceId: string, rowKey: string): string {
  return `${escapeKey(instanceId)}/history-${rowKey}-`
}

function split(columns: Row, candidates: readonly string[], nameOf: (column: string) => string): SplitRow {
  const large = candidates.filter((column) => isLargeText(columns[column]))
  if (large.length === 0) return { columns, blobs: [] }
  const written: Record<string, Cell> = { ...columns }
  for (const column of large) {
    written[column] = ''
    written[`${column}BlobName`] = nameOf(column)
  }
  return { columns: written, blobs: large.map((column) => ({ blobName: nameOf(column), text: columns[column] as string })) }
}

/** A name beside a cell with text is left over from before the cell was written again. */
function references(columns: Row, candidates: readonly string[]): readonly BlobReference[] {
  return candidates.flatMap((column) => {
    const blobName = columns[`${column}BlobName`]
    return typeof blobName === 'string' && blobName !== '' && (columns[column] ?? '') === '' ? [{ column, blobName }] : []
  })
}

function isLargeText(cell: Cell | undefined): cell is string {
  return typeof cell === 'string' && cell.length * 2 > maxCellBytes
}

/** As .NET escapes: everything but letters, digits and `-_.~`. A half of a surrogate pair, which no URL can have, becomes U+FFFD. */
function escapeSegment(segment: string): string {
  return encodeURIComponent(Buffer.from(segment, 'utf8').toString('utf8')).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

function withoutQuery(url: string): string {
  const [path = ''] = url.split('?', 1)
  return path.endsWith('/') ? path.slice(0, -1) : path
}
