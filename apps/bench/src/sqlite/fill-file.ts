/**
 * Fills the file of a hub with finished instances: copies of the rows of one that has run, each under ids of its own. The rows are those that as many runs would have left, but for two things: the turns of one instance lie
 * side by side, and all have the same times.
 */
import { DatabaseSync } from 'node:sqlite'

/** Of one transaction. */
const batch = 20_000
/** Tables that hold a part of an instance, and their column that says of which. */
const parts = { descriptions: 'instance', history: 'instance', tags: 'instance', consumed_ids: 'instance' } as const

/** `template`: id of a finished instance. Afterwards the file has `count` of them. */
export function fillFile(path: string, template: string, count: number): void {
  const database = new DatabaseSync(path)
  try {
    // A file that is lost with the machine is made anew.
    database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; PRAGMA temp_store = MEMORY; CREATE TEMP TABLE copies (key INTEGER PRIMARY KEY, id TEXT, execution TEXT)')
    const { key, execution } = database.prepare('SELECT key, execution_id AS execution FROM instances WHERE id = ?').get(template) as { key: number; execution: string }
    for (let left = count - 1; left > 0; left -= batch) copy(database, { key, id: template, execution }, Math.min(batch, left))
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
}

interface Template {
  readonly key: number
  readonly id: string
  readonly execution: string
}

function copy(database: DatabaseSync, { key, id, execution }: Template, count: number): void {
  database.exec('BEGIN IMMEDIATE; DELETE FROM copies')
  database
    .prepare(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
      INSERT INTO copies SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'instances') + i, lower(hex(randomblob(16))), lower(hex(randomblob(16))) FROM n`)
    .run(count)
  const renamed = (column: string): string => `CASE WHEN typeof(source.${column}) = 'text' THEN replace(replace(source.${column}, :id, copies.id), :execution, copies.execution) ELSE source.${column} END`
  for (const [table, reference] of Object.entries({ instances: 'key', ...parts })) {
    const columns = columnsOf(database, table).filter((column) => column !== 'position')
    const values = columns.map((column) => (column === reference ? 'copies.key' : renamed(column)))
    database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM copies JOIN ${table} AS source ON source.${reference} = :key ORDER BY copies.key`).run({ key, id, execution })
  }
  database.exec('COMMIT')
}

function columnsOf(database: DatabaseSync, table: string): string[] {
  return database.prepare('SELECT name FROM pragma_table_info(?)').all(table).map(({ name }) => String(name))
}
