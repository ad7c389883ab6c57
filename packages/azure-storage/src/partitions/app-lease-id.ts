/**
 * The id under which all workers of one app hold the lease of a task hub: computed from the name of the app, as .NET does, so that workers of both kinds share it. Pure.
 * The FNV-1a hash of the name's UTF-8 bytes is the first group of a GUID that is zero otherwise.
 */

export function appLeaseId(appName: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(appName)) hash = Math.imul(hash ^ byte, 0x01000193)
  return `${(hash >>> 0).toString(16).padStart(8, '0')}-0000-0000-0000-000000000000`
}
