/** Writes rows of one partition that one transaction takes, each over what there is under its key: one alone without a transaction. */
import { entityOf, repeat, type KeyedRow, type RepeatHost } from '@dtfx/azure-common'
import type { TableClient, TransactionAction } from '@azure/data-tables'

export interface RowsTarget {
  readonly table: TableClient
  readonly host: RepeatHost
}

/** `what` is told when it fails. @throws what a port may throw */
export async function writeRows({ table, host }: RowsTarget, what: string, rows: readonly KeyedRow[]): Promise<void> {
  const [only] = rows
  if (rows.length === 1 && only !== undefined) await repeat(what, host, () => table.upsertEntity(entityOf(only), 'Replace'))
  else await repeat(what, host, () => table.submitTransaction(rows.map((row): TransactionAction => ['upsert', entityOf(row), 'Replace'])))
}
