/** Statements on instances: what is committed of them, who owns them, and whose messages wait. */

export const instanceSql = {
  find: 'SELECT key, owner, number, status, start_id FROM instances WHERE id = ?',
  insert: 'INSERT INTO instances (id) VALUES (?)',
  liveness: 'SELECT key, status, execution_id FROM instances WHERE id = ?',
  /** What a commit is checked against. */
  guard: 'SELECT owner, number, status, custom_status, checkpoint_id, execution_id FROM instances WHERE key = ?',
  /** A turn after which execution and status are the same: no index of queries is touched. */
  writeStep: `UPDATE instances SET owner = ?, ready = (SELECT min(arrival) FROM messages WHERE instance = key), begun = 1, number = number + 1, suspicions = 0,
    checkpoint_id = ?, custom_status = ?, state = ? WHERE key = ?`,
  writeState: `UPDATE instances SET owner = ?, ready = (SELECT min(arrival) FROM messages WHERE instance = key), begun = 1, number = number + 1, suspicions = 0,
    checkpoint_id = ?, custom_status = ?, state = ?, status = ?, execution_id = ?, name = ?, version = ?, parent = ?, created_at = ?, completed_at = ? WHERE key = ?`,
  /** A commit that leaves the state alone. `number` moves on if `moves` is 1. */
  writeSettled: `UPDATE instances SET owner = ?, ready = (SELECT min(arrival) FROM messages WHERE instance = key), number = number + ?, suspicions = 0, checkpoint_id = ? WHERE key = ?`,
  insertPending: `INSERT INTO instances (id, number, start_id, custom_status, state, status, execution_id, name, version, parent, created_at) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  writePending: `UPDATE instances SET number = number + 1, begun = 0, suspicions = 0, checkpoint_id = NULL, completed_at = NULL,
    start_id = ?, custom_status = ?, state = ?, status = ?, execution_id = ?, name = ?, version = ?, parent = ?, created_at = ? WHERE key = ?`,
  /** Forgets the committed part. */
  erase: `UPDATE instances SET number = number + 1, begun = 0, suspicions = 0, checkpoint_id = NULL, start_id = NULL, custom_status = NULL, state = NULL, status = NULL,
    execution_id = NULL, name = NULL, version = NULL, parent = NULL, created_at = NULL, completed_at = NULL WHERE key = ?`,
  /** Lets go of a row that holds nothing any more. */
  collect: `DELETE FROM instances WHERE key = ? AND status IS NULL AND owner = 0 AND ready IS NULL AND NOT EXISTS (SELECT 1 FROM delayed WHERE instance = instances.key)`,

  state: 'SELECT key, number, state, status, custom_status FROM instances WHERE id = ? AND status IS NOT NULL',
  stateByKey: 'SELECT key, number, state, status, custom_status FROM instances WHERE key = ?',
  versions: 'SELECT number FROM instances WHERE id = ?',
  payloads: 'SELECT input, output FROM payloads WHERE instance = ?',
  writeInput: 'INSERT INTO payloads (instance, input, output) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET input = excluded.input, output = excluded.output',
  writeOutput: 'UPDATE payloads SET output = ? WHERE instance = ?',
  erasePayloads: 'DELETE FROM payloads WHERE instance = ?',
  insertTag: 'INSERT INTO tags (instance, tag, value) VALUES (?, ?, ?)',
  eraseTags: 'DELETE FROM tags WHERE instance = ?',
  consumedIds: 'SELECT ids FROM consumed_ids WHERE instance = ?',
  writeConsumedIds: 'INSERT INTO consumed_ids (instance, ids) VALUES (?, ?) ON CONFLICT DO UPDATE SET ids = excluded.ids',
  eraseConsumedIds: 'DELETE FROM consumed_ids WHERE instance = ?',
  appendHistory: 'INSERT INTO history (instance, events) VALUES (?, ?)',
  history: 'SELECT position, events FROM history WHERE instance = ? AND position > ? ORDER BY position LIMIT ?',
  eraseHistory: 'DELETE FROM history WHERE instance = ?',
  /** Of executions that have ended: their timers would only be discarded when they fire. */
  dropTimers: 'DELETE FROM delayed WHERE instance = ? AND is_timer = 1 AND execution_id IS NOT NULL AND (execution_id <> ? OR ?)',
  dropDelayed: 'DELETE FROM delayed WHERE instance = ? AND execution_id = ?',

  becomeReady: 'UPDATE instances SET ready = coalesce(min(ready, ?1), ?1) WHERE key = ?2',
  readyOf: 'SELECT ready FROM instances WHERE key = ?',
  anyReady: 'SELECT EXISTS (SELECT 1 FROM instances WHERE owner = 0 AND ready IS NOT NULL) AS found',
  /** Those that have begun, or have not, of one owner; longest wait first. */
  ready: 'SELECT key, id, number, execution_id FROM instances WHERE owner = ? AND begun = ? AND ready IS NOT NULL ORDER BY ready LIMIT ?',
  readyOwned: 'SELECT key FROM instances WHERE owner = ? AND ready IS NOT NULL',
  lock: 'UPDATE instances SET owner = ?, ready = NULL WHERE key = ?',
  unlock: 'UPDATE instances SET owner = 0, ready = (SELECT min(arrival) FROM messages WHERE instance = key) WHERE key = ? AND owner = ?',
  unlockAll: 'UPDATE instances SET owner = 0, ready = (SELECT min(arrival) FROM messages WHERE instance = key) WHERE owner = ?',
  giveBack: 'UPDATE instances SET owner = ?, ready = (SELECT min(arrival) FROM messages WHERE instance = key), suspicions = 0 WHERE key = ? AND owner = ?',
  suspect: 'UPDATE instances SET suspicions = suspicions + 1 WHERE key = ? AND owner = ? RETURNING suspicions',
  finishedBefore: `SELECT key, id, execution_id FROM instances WHERE completed_at < ? AND status IN ('Completed', 'Failed', 'Terminated', 'Canceled') ORDER BY completed_at LIMIT ?`,
} as const
