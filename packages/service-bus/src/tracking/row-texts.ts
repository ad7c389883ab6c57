/** Texts that a table cell cannot hold: they go to a blob, and a second column names it. Invariant: a name carries the execution and what else tells the text, so that it is only ever used for one. */
import type { Cell, Row } from '@dtfx/azure-common'
import type { HubBlobs } from '../messages/hub-blobs.js'

/** UTF-16 characters; the service takes 32 768. */
export const maxCellLength = 30_000

const suffix = 'BlobKey'

/** The columns to write, with the large ones among `names` in blobs; `nameOf` names the blob of a column. */
export async function withoutLargeTexts(columns: Row, names: readonly string[], blobs: HubBlobs, nameOf: (column: string) => string): Promise<Row> {
  const large = names.filter((name) => typeof columns[name] === 'string' && (columns[name] as string).length > maxCellLength)
  if (large.length === 0) return columns
  const written: Record<string, Cell> = { ...columns }
  await Promise.all(
    large.map(async (name) => {
      written[`${name}${suffix}`] = await blobs.putText(`${nameOf(name)}.json.gz`, columns[name] as string)
      written[name] = ''
    }),
  )
  return written
}

/** The columns with what is in blobs. @throws DTFX_WIRE_INVALID */
export async function withLargeTexts(columns: Row, names: readonly string[], blobs: HubBlobs): Promise<Row> {
  const large = names.filter((name) => typeof columns[`${name}${suffix}`] === 'string' && columns[`${name}${suffix}`] !== '')
  if (large.length === 0) return columns
  const whole: Record<string, Cell> = { ...columns }
  await Promise.all(
    large.map(async (name) => {
      whole[name] = await blobs.getText(columns[`${name}${suffix}`] as string)
    }),
  )
  return whole
}

/** Columns of the keys of these. */
export function blobColumns(names: readonly string[]): readonly string[] {
  return names.map((name) => `${name}${suffix}`)
}
