/** A throw-away project on disk: files, and packages in its node_modules, for tests of what is found from where. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A provider that is nothing but its options and its host. */
export const echoProvider = `
export function createOrchestrationService(options, host = {}) {
  return { name: 'echo', options, given: host, capabilities: { maxPayloadBytes: 1000 }, host: { random: { id: () => 'r' } }, client: { create() {} }, startWorker() {} }
}
`

export class ProjectFolder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'dtfx-config-')))

  file(name: string, content: string | object): string {
    const path = join(this.path, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }

  /** A package with one module, `subpath` of its exports. */
  package(name: string, module: string, subpath = '.'): void {
    this.file(`node_modules/${name}/package.json`, { name, version: '1.0.0', type: 'module', exports: { [subpath]: { types: './index.d.ts', default: './index.js' } } })
    this.file(`node_modules/${name}/index.js`, module)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
