/**
 * Instance ids ↔ partition keys, .NET's: the characters that a key cannot have are written as `^` and another one.
 * Invariant: one id, one key; an id is escaped exactly once. A key of another writer that is no escape is taken as it is.
 */

const escapes: Readonly<Record<string, string>> = { '^': '^^', '/': '^0', '\\': '^1', '#': '^2', '?': '^3' }
const unescapes: Readonly<Record<string, string>> = { '^': '^', '0': '/', '1': '\\', '2': '#', '3': '?' }
/** Control characters are moved up by this, to letters. */
const controlOffset = 0xc0
// eslint-disable-next-line no-control-regex
const special = /[\^/\\#?\u0000-\u001f\u007f-\u009f]/g

export function escapeKey(instanceId: string): string {
  return instanceId.replace(special, (char) => escapes[char] ?? `^${String.fromCharCode(char.charCodeAt(0) + controlOffset)}`)
}

export function unescapeKey(key: string): string {
  return key.replace(/\^([\s\S])/g, (whole, char: string) => unescapes[char] ?? controlOf(char) ?? whole)
}

function controlOf(char: string): string | undefined {
  const code = char.charCodeAt(0) - controlOffset
  return (code >= 0 && code <= 0x1f) || (code >= 0x7f && code <= 0x9f) ? String.fromCharCode(code) : undefined
}
