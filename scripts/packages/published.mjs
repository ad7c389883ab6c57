/** What is published: the packages of this repository that are not private, and the entries users may import from them. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** `{ name, folder, manifest }` of each published package, by folder name. */
export function publishedPackages(root) {
  return readdirSync(join(root, 'packages'))
    .sort()
    .map((name) => join(root, 'packages', name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readJson(join(folder, 'package.json')) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ folder, manifest }) => ({ name: manifest.name, folder, manifest }))
}

/** `{ specifier, types }` of each entry that can be imported, in the order of `exports`. */
export function entriesOf({ name, manifest }) {
  return Object.entries(manifest.exports ?? {})
    .filter(([entry]) => !entry.endsWith('.json'))
    .map(([entry, target]) => ({ specifier: `${name}${entry.slice(1)}`, types: target.types }))
}
