/** Statements on owners: the workers that hold locks, each with the time at which its locks end. */

export const ownerSql = {
  insert: 'INSERT INTO owners (worker, process, expires_at) VALUES (?, ?, ?)',
  get: 'SELECT expires_at FROM owners WHERE key = ?',
  all: 'SELECT key, process, expires_at FROM owners',
  renew: 'UPDATE owners SET expires_at = ? WHERE key = ?',
  delete: 'DELETE FROM owners WHERE key = ?',
} as const
