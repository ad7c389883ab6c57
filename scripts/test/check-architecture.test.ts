import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkArchitecture } from '../check-architecture.mjs'

/** Each rule is broken alone in a small repository that is otherwise in order, so that a rule that never fires is noticed. */

type Files = Readonly<Record<string, string>>

const program = fileURLToPath(new URL('../check-architecture.mjs', import.meta.url))
const comment = '/** What this file is responsible for. */\n'
const manifest = (name: string, dependencies: Files = {}): string => JSON.stringify({ name: `@dtfx/${name}`, dependencies })
const lines = (count: number, line = '// line'): string => `${line}\n`.repeat(count)

/** One file per layer, an entry, a provider, an app and a test. */
const good: Files = {
  'packages/core/package.json': manifest('core'),
  'packages/core/src/index.ts': `${comment}export { now } from './base/clock.js'\nexport type { Turn } from './engine/turn.js'\n`,
  'packages/core/src/base/clock.ts': `${comment}export const now = (): number => Date.now()\n`,
  'packages/core/src/model/event.ts': `${comment}export interface Event { readonly type: string }\n`,
  'packages/core/src/provider/store.ts': `${comment}import type { Event } from '../model/event.js'\nexport interface Store { read(): Event }\n`,
  'packages/core/src/engine/turn.ts': `${comment}import { now } from '../base/clock.js'\nexport interface Turn { readonly at: number }\nexport const turn = (): Turn => ({ at: now() })\n`,
  'packages/core/src/worker/loop.ts': `${comment}import { turn } from '../engine/turn.js'\nexport const loop = (): number => turn().at\n`,
  'packages/core/test/base/clock.test.ts': "it('tells the time', () => {})\n",
  'packages/sqlite/package.json': manifest('sqlite', { '@dtfx/core': '1', pg: '1' }),
  'packages/sqlite/src/index.ts': `${comment}export { open } from './open.js'\n`,
  'packages/sqlite/src/open.ts': `${comment}import { readFileSync } from 'node:fs'\nimport type { Store } from '@dtfx/core/provider'\nimport pg from 'pg'\nexport const open = (): [Store, string] => [pg.x, readFileSync('', 'utf8')]\n`,
  'apps/shop/package.json': manifest('shop', { '@dtfx/core': '1', '@dtfx/sqlite': '1' }),
  'apps/shop/src/main.ts': `${comment}import { now } from '@dtfx/core'\nconsole.log(now())\n`,
}

const core = 'packages/core/src'
const anyFile = `${core}/engine/other.ts`

/** What is broken, the files that break it, the one finding it gives. */
const broken: readonly (readonly [rule: string, change: Files, finding: string])[] = [
  ['a lower layer imports a higher one', { [`${core}/model/event.ts`]: `${comment}import { turn } from '../engine/turn.js'\nexport const event = turn\n` }, `${core}/model/event.ts: layer model imports the higher layer engine (../engine/turn.js)`],
  ['so does a type', { [anyFile]: `${comment}import type { loop } from '../worker/loop.js'\nexport type Loop = typeof loop\n` }, `${anyFile}: layer engine imports the higher layer worker (../worker/loop.js)`],
  ['so does an import in a type', { [anyFile]: `${comment}export type Loop = typeof import('../worker/loop.js')\n` }, `${anyFile}: layer engine imports the higher layer worker (../worker/loop.js)`],
  ['so does an import at run time', { [anyFile]: `${comment}export const loop = () => import('../worker/loop.js')\n` }, `${anyFile}: layer engine imports the higher layer worker (../worker/loop.js)`],
  ['so does a re-export', { [anyFile]: `${comment}export { loop } from '../worker/loop.js'\n` }, `${anyFile}: layer engine imports the higher layer worker (../worker/loop.js)`],
  ['a file of core imports an entry', { [anyFile]: `${comment}import { now } from '../index.js'\nexport const other = now\n` }, `${anyFile}: imports the entry index.ts; entries are for users`],
  [
    'a cycle of two files',
    { [`${core}/engine/a.ts`]: `${comment}import { b } from './b.js'\nexport const a = () => b\n`, [`${core}/engine/b.ts`]: `${comment}import { a } from './a.js'\nexport const b = () => a\n` },
    `${core}/engine/a.ts: import cycle ${core}/engine/a.ts → ${core}/engine/b.ts → ${core}/engine/a.ts`,
  ],
  ['core imports another package of ours', { [anyFile]: `${comment}import { open } from '@dtfx/sqlite'\nexport const other = open\n` }, `${anyFile}: core imports @dtfx/sqlite; it depends on no other package`],
  ['core declares a dependency', { 'packages/core/package.json': manifest('core', { ms: '1' }), [anyFile]: `${comment}import ms from 'ms'\nexport const other = ms\n` }, 'packages/core/package.json: core has run-time dependencies'],
  ['a provider imports more than its contract', { 'packages/sqlite/src/more.ts': `${comment}import { now } from '@dtfx/core'\nexport const more = now\n` }, 'packages/sqlite/src/more.ts: imports @dtfx/core; providers import @dtfx/core/provider only'],
  ['a package reaches into another', { 'packages/sqlite/src/more.ts': `${comment}import { now } from '../../core/src/base/clock.js'\nexport const more = now\n` }, 'packages/sqlite/src/more.ts: imports ../../core/src/base/clock.js, which leaves the package'],
  ['a long file', { [anyFile]: comment + lines(300) }, `${anyFile}: 301 lines; the limit is 300`],
  ['a long function', { [anyFile]: `${comment}export function other(): void {\n${lines(69)}}\n` }, `${anyFile}: line 2: a function of 71 lines; the limit is 70`],
  ['a long method', { [anyFile]: `${comment}export class Other {\n  run(): void {\n${lines(69)}  }\n}\n` }, `${anyFile}: line 3: a function of 71 lines; the limit is 70`],
  ['five parameters', { [anyFile]: `${comment}export const other = (a: 1, b: 2, c: 3, d: 4, e: 5): void => void [a, b, c, d, e]\n` }, `${anyFile}: line 2: 5 parameters; take an options object`],
  ['a default export', { [anyFile]: `${comment}const other = 1\nexport default other\n` }, `${anyFile}: line 3: default export; export by name`],
  ['a default function', { [anyFile]: `${comment}export default function other(): void {}\n` }, `${anyFile}: line 2: default export; export by name`],
  ['a default export by renaming', { [anyFile]: `${comment}const other = 1\nexport { other as default }\n` }, `${anyFile}: line 3: default export; export by name`],
  ['export *', { [anyFile]: `${comment}export * from './turn.js'\n` }, `${anyFile}: line 2: export *; name what is exported`],
  ...['utils', 'util', 'helpers', 'helper', 'types', 'constants', 'common', 'misc'].map((name) => {
    return [`a file called ${name}`, { [`${core}/engine/${name}.ts`]: comment }, `${core}/engine/${name}.ts: a file is named after its main export, not after its kind`] as const
  }),
  ...['workItem', 'WorkItem', 'work_item', 'work--item'].map((name) => {
    return [`a file called ${name}`, { [`${core}/engine/${name}.ts`]: comment }, `${core}/engine/${name}.ts: file names are kebab-case`] as const
  }),
  ['no opening comment', { [anyFile]: 'export const other = 1\n' }, `${anyFile}: opens without a comment that says what the file is responsible for`],
  ...['TODO', 'FIXME', 'XXX'].map((word) => [`a ${word}`, { [anyFile]: `${comment}// ${word}: later\n` }, `${anyFile}: holds a TODO; do it, or file an issue`] as const),
  ...['Date.now', 'Math.random', 'setTimeout', 'setInterval', 'setImmediate', 'console.log', 'console.error', 'console.warn', 'console.info', 'console.debug'].map((call) => {
    return [`a call of ${call}`, { [`${core}/worker/other.ts`]: `${comment}export const other = () => ${call}(1)\n` }, `${core}/worker/other.ts: calls ${call}; use the injected host`] as const
  }),
  ['a banned call by its long name', { [`${core}/worker/other.ts`]: `${comment}export const other = () => globalThis.setTimeout(() => {})\n` }, `${core}/worker/other.ts: calls setTimeout; use the injected host`],
  ['an undeclared dependency', { 'packages/sqlite/src/more.ts': `${comment}import { x } from '@scope/driver/sub'\nexport const more = x\n` }, 'packages/sqlite/package.json: @scope/driver is imported but not declared'],
  ['an undeclared dependency of an app', { 'apps/shop/src/more.ts': `${comment}import ms from 'ms'\nexport const more = ms\n` }, 'apps/shop/package.json: ms is imported but not declared'],
  ['an unused dependency', { 'packages/sqlite/package.json': manifest('sqlite', { '@dtfx/core': '1', pg: '1', ms: '1' }) }, 'packages/sqlite/package.json: ms is declared but not imported'],
  ...["it.only('x')", "test.skip('x')", "describe.only('x')", "it.concurrent.only('x')", "it.skip.each([])('x')"].map((call) => {
    return [`a test with ${call}`, { 'packages/core/test/base/other.test.ts': `${call}\n` }, 'packages/core/test/base/other.test.ts: holds a .only or .skip'] as const
  }),
  ['a long test file', { 'packages/core/test/base/other.test.ts': lines(601) }, 'packages/core/test/base/other.test.ts: 601 lines; the limit for tests is 600'],
  ['an index with code', { 'packages/sqlite/src/index.ts': `${comment}export { open } from './open.js'\nexport const more = 1\n` }, 'packages/sqlite/src/index.ts: an index only re-exports'],
]

/** What looks like a broken rule and is none. */
const allowed: readonly (readonly [name: string, change: Files])[] = [
  ['files at their limits', { [anyFile]: comment + lines(299), 'packages/core/test/base/other.test.ts': lines(600) }],
  ['a function and parameters at their limits', { [anyFile]: `${comment}export function other(a: 1, b: 2, c: 3, d: 4): void {\n${lines(68)}}\n` }],
  ['a constructor with many parameters', { [anyFile]: `${comment}export class Other {\n  constructor(readonly a: 1, readonly b: 2, readonly c: 3, readonly d: 4, readonly e: 5) {}\n}\n` }],
  ['types that need each other', { [anyFile]: `${comment}import type { Next } from './next.js'\nexport interface Other { next: Next }\n`, [`${core}/engine/next.ts`]: `${comment}import type { Other } from './other.js'\nexport interface Next { other: Other }\n` }],
  ['banned calls in comments, and methods of other objects', { [`${core}/worker/other.ts`]: `${comment}// not Date.now()\n/* setTimeout() */\nexport const other = (host: { clock: { setTimeout(): void } }) => host.clock.setTimeout()\n` }],
  ['real time in base, telemetry and engine', Object.fromEntries(['base', 'telemetry', 'engine'].map((folder) => [`${core}/${folder}/other.ts`, `${comment}export const other = () => setTimeout(Date.now)\n`]))],
  ['a dependency that is only types', { 'apps/shop/package.json': JSON.stringify({ name: '@dtfx/shop', dependencies: { '@dtfx/core': '1' }, devDependencies: { '@types/mdast': '1' } }), 'apps/shop/src/more.ts': `${comment}import type { Root } from 'mdast'\nexport type More = Root\n` }],
  ['a package that an app loads by configuration', { 'apps/shop/package.json': manifest('shop', { '@dtfx/core': '1', 'by-configuration': '1' }) }],
  ['the test kit uses core and its engine', { 'packages/testing/package.json': manifest('testing', { '@dtfx/core': '1' }), 'packages/testing/src/hub.ts': `${comment}import { now } from '@dtfx/core'\nimport { turn } from '@dtfx/core/engine'\nexport const hub = [now, turn]\n` }],
  ['a long suite of the conformance kit', { 'packages/testing/package.json': manifest('testing'), 'packages/testing/src/conformance/locks.ts': `${comment}export function locks(): void {\n${lines(100)}}\n` }],
]

describe('check-architecture', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'dtfx-architecture-'))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  function write(files: Files): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), text)
    }
  }

  it('finds nothing in a repository that is in order', () => {
    write(good)
    expect(checkArchitecture(root)).toEqual([])
  })

  it.each(allowed)('allows %s', (_name, change) => {
    write({ ...good, ...change })
    expect(checkArchitecture(root)).toEqual([])
  })

  it.each(broken)('finds %s', (_rule, change, finding) => {
    write({ ...good, ...change })
    const findings = checkArchitecture(root)
    expect(findings).toContain(finding)
    // Core that imports a package of ours has not declared it either: the one change that breaks two rules.
    expect(findings.filter((each) => !each.endsWith('is imported but not declared') || each === finding)).toEqual([finding])
  })

  it('as a program: prints findings and ends with 1, or says that all is in order', () => {
    write(good)
    const run = (): { status: number | null; stdout: string } => spawnSync(process.execPath, [program, root], { encoding: 'utf8' })
    expect(run()).toMatchObject({ status: 0, stdout: 'architecture: in order\n' })
    write({ [anyFile]: 'export const other = 1 // TODO\n' })
    const { status, stdout } = run()
    expect(status).toBe(1)
    expect(stdout.trimEnd().split('\n')).toEqual([expect.stringContaining('opens without a comment'), expect.stringContaining('holds a TODO'), 'architecture: 2 findings'])
  })
})
