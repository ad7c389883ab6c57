/** Name and version → definition. Duplicate registrations are errors; lookups are exact on the name, and fall back from a version to the unversioned definition. */
import { dtfxError } from '../errors/durable-error.js'
import type { NameAndVersion } from '../provider/worker-port.js'

export class Registry<Definition extends { readonly name: string; readonly version?: string | undefined }> {
  readonly #byName = new Map<string, Map<string, Definition>>()

  /** @throws DTFX_DUPLICATE_DEFINITION */
  constructor(what: string, definitions: Iterable<Definition>) {
    for (const definition of definitions) {
      let versions = this.#byName.get(definition.name)
      if (versions === undefined) this.#byName.set(definition.name, (versions = new Map()))
      const version = definition.version ?? ''
      if (versions.has(version)) throw dtfxError('DTFX_DUPLICATE_DEFINITION', { what, name: definition.name, version })
      versions.set(version, definition)
    }
  }

  /** The definition of exactly this version; else the unversioned one; without a version asked for, also the only one there is. */
  find(name: string, version: string | undefined): Definition | undefined {
    const versions = this.#byName.get(name)
    if (versions === undefined) return undefined
    const found = versions.get(version ?? '') ?? versions.get('')
    if (found !== undefined || (version ?? '') !== '') return found
    return versions.size === 1 ? versions.values().next().value : undefined
  }

  list(): NameAndVersion[] {
    return [...this.#byName.values()].flatMap((versions) => [...versions.values()].map(({ name, version }) => ({ name, version })))
  }

  /** Names for error messages. */
  describe(): string {
    const names = [...this.#byName.keys()].sort()
    if (names.length === 0) return 'none'
    return names.length <= 10 ? names.join(', ') : `${names.slice(0, 10).join(', ')} and ${names.length - 10} more`
  }
}
