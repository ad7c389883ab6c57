/** Moves large texts of rows to blobs before the rows are written, and back when they are read. What goes where is decided in rows/large-columns.ts. */
import type { MessageBlobs } from '../messages/message-blobs.js'
import { withTexts, type BlobReference, type SplitRow } from '../rows/large-columns.js'
import type { RequestGate, Row } from '@dtfx/azure-common'
import { dtfxError } from '@dtfx/core/provider'

export class LargeTexts {
  constructor(
    readonly blobs: MessageBlobs,
    readonly gate: RequestGate,
  ) {}

  /** Writes the blobs of rows; gives the columns to be written after that. */
  async store(rows: readonly SplitRow[]): Promise<Row[]> {
    const blobs = rows.flatMap((row) => row.blobs)
    if (blobs.length > 0) await this.gate.all(blobs, ({ blobName, text }) => this.blobs.put(blobName, text))
    return rows.map(({ columns }) => columns)
  }

  /** The columns with the texts of their blobs. @throws DTFX_WIRE_INVALID when one is gone */
  async whole(columns: Row, references: readonly BlobReference[], place: string): Promise<Row> {
    if (references.length === 0) return columns
    const texts: Record<string, string> = {}
    await this.gate.all(references, async ({ column, blobName }) => {
      const text = await this.blobs.get(blobName)
      if (text === undefined) throw dtfxError('DTFX_WIRE_INVALID', { what: `${place}.${column}`, problem: `its blob '${blobName}' does not exist` })
      texts[column] = text
    })
    return withTexts(columns, texts)
  }
}
