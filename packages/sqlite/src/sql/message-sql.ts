/** Statements on messages, activities, delayed messages and those that were set aside. */

const columns = 'arrival, id, reply_to, sender, deliveries, faults, enqueued_at, message'

export const messageSql = {
  insert: 'INSERT INTO messages (instance, enqueued_at, id, reply_to, sender, message) VALUES (?, ?, ?, ?, ?, ?)',
  /** All that wait for an instance; they count as handed out. In no order. */
  take: `UPDATE messages SET deliveries = deliveries + 1 WHERE instance = ? RETURNING ${columns}`,
  delete: 'DELETE FROM messages WHERE arrival = ?',
  eraseAll: 'DELETE FROM messages WHERE instance = ?',
  countFault: 'UPDATE messages SET faults = faults + 1 WHERE arrival = ?',
  get: 'SELECT * FROM messages WHERE arrival = ?',

  insertActivity: 'INSERT INTO activities (owner, name, deliveries, enqueued_at, id, sender, message) VALUES (?, ?, ?, ?, ?, ?, ?)',
  anyFreeActivity: 'SELECT EXISTS (SELECT 1 FROM activities WHERE owner = 0) AS found',
  freeActivities: `SELECT ${columns.replace('reply_to, ', '')} FROM activities WHERE owner = 0 ORDER BY arrival LIMIT ?`,
  freeActivitiesNamed: `SELECT ${columns.replace('reply_to, ', '')} FROM activities WHERE owner = 0 AND name = ? ORDER BY arrival LIMIT ?`,
  lockActivity: 'UPDATE activities SET owner = ?, deliveries = deliveries + 1 WHERE arrival = ? AND owner = 0',
  unlockActivities: 'UPDATE activities SET owner = 0 WHERE owner = ?',
  deleteActivity: 'DELETE FROM activities WHERE arrival = ? AND owner = ?',
  giveBackActivity: 'UPDATE activities SET owner = 0, faults = faults + ? WHERE arrival = ? AND owner = ?',
  getActivity: 'SELECT * FROM activities WHERE arrival = ?',

  delay: `INSERT INTO delayed (due_at, instance, execution_id, is_timer, name, id, reply_to, sender, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  /** A message that came back keeps its place and its counts. */
  delayMessage: `INSERT INTO delayed (due_at, arrival, instance, deliveries, faults, enqueued_at, id, reply_to, sender, message, execution_id)
    SELECT ?, arrival, instance, deliveries, faults, enqueued_at, id, reply_to, sender, message, ? FROM messages WHERE arrival = ?`,
  delayActivity: `INSERT INTO delayed (due_at, arrival, name, deliveries, faults, enqueued_at, id, sender, message)
    SELECT ?, arrival, name, deliveries, faults, enqueued_at, id, sender, message FROM activities WHERE arrival = ?`,
  nextDue: 'SELECT min(due_at) AS due_at FROM delayed',
  due: 'SELECT key, due_at, arrival, instance, name FROM delayed WHERE due_at <= ? ORDER BY due_at, key LIMIT ?',
  dueMessage: `INSERT INTO messages (arrival, instance, deliveries, faults, enqueued_at, id, reply_to, sender, message)
    SELECT arrival, instance, deliveries, faults, coalesce(enqueued_at, due_at), id, reply_to, sender, message FROM delayed WHERE key = ?`,
  dueActivity: `INSERT INTO activities (arrival, name, deliveries, faults, enqueued_at, id, sender, message)
    SELECT arrival, name, deliveries, faults, coalesce(enqueued_at, due_at), id, sender, message FROM delayed WHERE key = ?`,
  deleteDelayed: 'DELETE FROM delayed WHERE key = ?',

  setAside: `INSERT INTO quarantine (id, target, name, reply_to, sender, message, code, reason, quarantined_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET code = excluded.code, reason = excluded.reason, quarantined_at = excluded.quarantined_at`,
  quarantined: 'SELECT rowid AS position, * FROM quarantine WHERE rowid > ? ORDER BY rowid LIMIT ?',
  getQuarantined: 'SELECT * FROM quarantine WHERE id = ?',
  deleteQuarantined: 'DELETE FROM quarantine WHERE id = ?',

  /** Waiting, and nobody works on them. A turn takes all there are, and `ready` is the first that came later. */
  backlog: 'SELECT count(*) AS count, min(enqueued_at) AS oldest FROM instances JOIN messages ON messages.instance = instances.key AND messages.arrival >= instances.ready WHERE ready IS NOT NULL',
  activityBacklog: 'SELECT count(*) AS count, min(enqueued_at) AS oldest FROM activities WHERE owner = 0',
} as const
