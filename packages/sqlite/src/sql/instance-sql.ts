/** Statements on instances: what is committed of them, who owns them, and whose messages wait. */

/** Arrival of the first message that waits for the instance. */
const firstMessage = '(SELECT min(arrival) FROM messages WHERE instance = key)'
/** What the end of a turn needs to know. */
const outcome = 'RETURNING number, ready'
export const stateColumns = 'key, id, number, status, custom_status, updated_at, state'

export const instanceSql = {
  find: 'SELECT key, owner, number, status, start_id FROM instances WHERE id = ?',
  insert: 'INSERT INTO instances (id) VALUES (?)',
  liveness: 'SELECT key, status, execution_id FROM instances WHERE id = ?',
  /** What a commit is checked against. */
  guard: 'SELECT owner, number, status, custom_status, checkpoint_id, execution_id FROM instances WHERE key = ?',
  /** A turn between two activities that run here: nothing changes that an index knows of, or that clients are told. What the turn was based on is part of the condition: without such a row nothing is written. */
  writeQuietStep: `UPDATE instances SET number = number + 1, checkpoint_id = ?, updated_at = ?
    WHERE key = ? AND owner = ? AND number = ? AND ready IS NULL AND begun = 1 AND suspicions = 0 AND status = ? AND execution_id IS ? AND custom_status IS ?`,
  /** A turn after which execution and status are the same: no index of queries is touched. */
  writeStep: `UPDATE instances SET owner = ?, ready = ${firstMessage}, begun = 1, number = number + 1, suspicions = 0, checkpoint_id = ?, custom_status = ?, updated_at = ? WHERE key = ? ${outcome}`,
  writeStatus: `UPDATE instances SET owner = ?, ready = ${firstMessage}, begun = 1, number = number + 1, suspicions = 0, checkpoint_id = ?, custom_status = ?, updated_at = ?,
    status = ?, completed_at = ? WHERE key = ? ${outcome}`,
  writeExecution: `UPDATE instances SET owner = ?, ready = ${firstMessage}, begun = 1, number = number + 1, suspicions = 0, checkpoint_id = ?, custom_status = ?, updated_at = ?,
    status = ?, completed_at = ?, execution_id = ?, name = ?, version = ?, parent = ?, created_at = ? WHERE key = ? ${outcome}`,
  /** A commit that leaves the state alone. `number` moves on if the second value is 1: something else was written. */
  writeSettled: `UPDATE instances SET owner = ?1, ready = ${firstMessage}, begun = max(begun, ?2), number = number + ?2, suspicions = 0, checkpoint_id = ?3 WHERE key = ?4 ${outcome}`,
  insertPending: `INSERT INTO instances (id, number, start_id, custom_status, updated_at, status, execution_id, name, version, parent, created_at) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  writePending: `UPDATE instances SET number = number + 1, begun = 0, suspicions = 0, checkpoint_id = NULL, completed_at = NULL,
    start_id = ?, custom_status = ?, updated_at = ?, status = ?, execution_id = ?, name = ?, version = ?, parent = ?, created_at = ? WHERE key = ?`,
  /** Forgets the committed part. */
  erase: `UPDATE instances SET number = number + 1, begun = 0, suspicions = 0, checkpoint_id = NULL, start_id = NULL, custom_status = NULL, updated_at = NULL, status = NULL,
    execution_id = NULL, name = NULL, version = NULL, parent = NULL, created_at = NULL, completed_at = NULL WHERE key = ?`,
  /** Lets go of a row that holds nothing any more. */
  collect: `DELETE FROM instances WHERE key = ? AND status IS NULL AND owner = 0 AND ready IS NULL AND NOT EXISTS (SELECT 1 FROM delayed WHERE instance = instances.key)`,

  state: `SELECT ${stateColumns} FROM instances JOIN descriptions ON instance = key WHERE id = ? AND status IS NOT NULL`,
  stateWithPayloads: `SELECT ${stateColumns}, input, output FROM instances JOIN descriptions ON instance = key WHERE id = ? AND status IS NOT NULL`,
  /** The instance, and its description and consumed ids where it has some. */
  snapshot: `SELECT owner, begun, ${stateColumns}, input, output, ids FROM instances LEFT JOIN descriptions ON descriptions.instance = key LEFT JOIN consumed_ids ON consumed_ids.instance = key WHERE key = ?`,
  versions: 'SELECT number FROM instances WHERE id = ?',
  describe: `INSERT INTO descriptions (instance, state, input, output) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET state = excluded.state, input = excluded.input, output = excluded.output`,
  describeEnd: 'UPDATE descriptions SET state = ?, output = ? WHERE instance = ?',
  eraseDescription: 'DELETE FROM descriptions WHERE instance = ?',
  insertTag: 'INSERT INTO tags (instance, tag, value) VALUES (?, ?, ?)',
  eraseTags: 'DELETE FROM tags WHERE instance = ?',
  writeConsumedIds: 'INSERT INTO consumed_ids (instance, ids) VALUES (?, ?) ON CONFLICT DO UPDATE SET ids = excluded.ids',
  eraseConsumedIds: 'DELETE FROM consumed_ids WHERE instance = ?',
  appendHistory: 'INSERT INTO history (instance, events) VALUES (?, ?)',
  history: 'SELECT position, events FROM history WHERE instance = ? AND position > ? ORDER BY position LIMIT ?',
  eraseHistory: 'DELETE FROM history WHERE instance = ?',
  /** Of executions that have ended: their timers would only be discarded when they fire. */
  dropTimers: 'DELETE FROM delayed WHERE instance = ? AND is_timer = 1 AND execution_id IS NOT NULL AND (execution_id <> ? OR ?)',
  dropDelayed: 'DELETE FROM delayed WHERE instance = ? AND execution_id = ?',

  becomeReady: 'UPDATE instances SET ready = coalesce(min(ready, ?1), ?1) WHERE key = ?2',
  anyReady: 'SELECT EXISTS (SELECT 1 FROM instances WHERE owner = 0 AND ready IS NOT NULL) AS found',
  /** Those that have begun, or have not, of one owner; longest wait first. */
  ready: 'SELECT key, id, number, execution_id FROM instances WHERE owner = ? AND begun = ? AND ready IS NOT NULL AND suspicions = 0 ORDER BY ready LIMIT ?',
  /** A turn of it began and came to no end: its process died, for whatever reason. */
  suspects: 'SELECT key, id, number, execution_id FROM instances WHERE suspicions > 0 AND +owner = 0 AND ready IS NOT NULL ORDER BY ready LIMIT ?',
  readyOwned: 'SELECT key FROM instances WHERE owner = ? AND ready IS NOT NULL',
  lock: 'UPDATE instances SET owner = ?, ready = NULL WHERE key = ?',
  unlock: `UPDATE instances SET owner = 0, ready = ${firstMessage} WHERE key = ? AND owner = ?`,
  unlockAll: `UPDATE instances SET owner = 0, ready = ${firstMessage} WHERE owner = ? AND owner <> 0`,
  giveBack: `UPDATE instances SET owner = ?, ready = ${firstMessage}, suspicions = 0 WHERE key = ? AND owner = ? ${outcome}`,
  suspect: 'UPDATE instances SET suspicions = suspicions + 1 WHERE key = ? AND owner = ? RETURNING suspicions',
  finishedBefore: `SELECT key, id, execution_id FROM instances WHERE completed_at < ? AND +status IN ('Completed', 'Failed', 'Terminated', 'Canceled') ORDER BY completed_at LIMIT ?`,
} as const
