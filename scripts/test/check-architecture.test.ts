import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkArchitecture, describeFinding } from '../check-architecture.mjs'

/** Each rule is broken alone in a small repository that is otherwise in order, so that a rule that never fires is noticed. */

type Files = Readonly<Record<string, string>>

const program = fileURLToPath(new URL('../check-architecture.mjs', import.meta.url))
const comment = '/** What this file is responsible for. */\n'
const manifest = (name: string, dependencies: Files = {}): string => JSON.stringify({ name: `@dtfx/${name}`, dependencies })
const lines = (count: number, line = '// line'): string => `${line}\n`.repeat(count)

/** One file per layer, the entries, a provider, the test kit, an app and a test. */
const good: Files = {
  'packages/core/package.json': manifest('core'),
  'packages/core/src/index.ts': `${comment}export { now } from './base/clock.js'\nexport { loop } from './worker/loop.js'\n`,
  'packages/core/src/provider.ts': `${comment}export type { Store } from './provider/store.js'\n`,
  'packages/core/src/base/clock.ts': `${comment}export const now = (): number => Date.now()\n`,
  'packages/core/src/model/event.ts': `${comment}export interface Event { readonly type: string }\n`,
  'packages/core/src/provider/store.ts': `${comment}import type { Event } from '../model/event.js'\nexport interface Store { read(): Event }\n`,
  'packages/core/src/engine/turn.ts': `${comment}import { now } from '../base/clock.js'\nexport interface Turn { readonly at: number }\nexport const turn = (): Turn => ({ at: now() })\n`,
  'packages/core/src/worker/loop.ts': `${comment}import { turn } from '../engine/turn.js'\nexport const loop = (): number => turn().at\n`,
  'packages/core/test/base/clock.test.ts': "it('tells the time', () => {})\n",
  'packages/sqlite/package.json': manifest('sqlite', { '@dtfx/core': '1', pg: '1' }),
  'packages/sqlite/src/index.ts': `${comment}export { open } from './open.js'\n`,
  'packages/sqlite/src/open.ts': `${comment}import { readFileSync } from 'node:fs'\nimport type { Store } from '@dtfx/core/provider'\nimport pg from 'pg'\nexport const open = (): [Store, string] => [pg.x, readFileSync('', 'utf8')]\n`,
  'packages/testing/package.json': manifest('testing', { '@dtfx/core': '1' }),
  'packages/testing/src/hub.ts': `${comment}import { now } from '@dtfx/core'\nimport { turn } from '@dtfx/core/engine'\nexport const hub = [now, turn]\n`,
  'apps/shop/package.json': manifest('shop', { '@dtfx/core': '1', '@dtfx/sqlite': '1' }),
  'apps/shop/src/main.ts': `${comment}import { now } from '@dtfx/core'\nconsole.log(now())\n`,
  'docs/README.md': '# Map\n',
}

const core = 'packages/core/src'
const sqlite = 'packages/sqlite/src'
const other = `${core}/engine/other.ts`
const inWorker = `${core}/worker/other.ts`
const more = `${sqlite}/more.ts`
const otherTest = 'packages/core/test/base/other.test.ts'
const twoFiles = (a: readonly [path: string, text: string], b: readonly [path: string, text: string]): Files => ({ [a[0]]: comment + a[1], [b[0]]: comment + b[1] })

/** What is broken, the files that break it, the one finding it gives. */
const broken: readonly (readonly [rule: string, change: Files, finding: string])[] = [
  ['a lower layer imports a higher one', { [`${core}/model/event.ts`]: `${comment}import { turn } from '../engine/turn.js'\nexport const event = turn\n` }, `${core}/model/event.ts:2 [layer-order] is in layer model and imports the higher layer engine (../engine/turn.js)`],
  ...Object.entries({
    'so does a type': "import type { loop } from '../worker/loop.js'\nexport type Loop = typeof loop\n",
    'so does an import in a type': "export type Loop = typeof import('../worker/loop.js')\n",
    'so does an import at run time': "export const loop = () => import('../worker/loop.js')\n",
    'so does a re-export': "export { loop } from '../worker/loop.js'\n",
  }).map(([name, text]) => [name, { [other]: comment + text }, `${other}:2 [layer-order] is in layer engine and imports the higher layer worker (../worker/loop.js)`] as const),
  ['the entry of providers shows the engine', { [`${core}/provider.ts`]: `${comment}export { turn } from './engine/turn.js'\n` }, `${core}/provider.ts:2 [layer-order] is in layer provider.ts and imports the higher layer engine (./engine/turn.js)`],
  ['a file of core imports an entry', { [other]: `${comment}import { now } from '../index.js'\nexport const other = now\n` }, `${other}:2 [layer-order] imports the entry index.ts; entries are for users`],
  ['a folder of core without a layer', { [`${core}/extras/other.ts`]: comment }, `${core}/extras/other.ts [layer-order] lies in no known layer; the layers are base, errors, model, serialization, telemetry, provider, authoring, engine, worker, client, config`],
  ['an entry nobody knows', { [`${core}/extras.ts`]: comment }, `${core}/extras.ts [layer-order] lies in no known layer; the layers are base, errors, model, serialization, telemetry, provider, authoring, engine, worker, client, config`],
  [
    'a cycle of two files',
    twoFiles([`${core}/engine/a.ts`, "import { b } from './b.js'\nexport const a = () => b\n"], [`${core}/engine/b.ts`, "import { a } from './a.js'\nexport const b = () => a\n"]),
    `${core}/engine/a.ts [import-cycle] import cycle: ${core}/engine/a.ts → ${core}/engine/b.ts → ${core}/engine/a.ts`,
  ],
  [
    'a cycle of types between folders of one layer',
    twoFiles([`${core}/client/a.ts`, "import type { B } from '../worker/b.js'\nexport interface A { b: B }\n"], [`${core}/worker/b.ts`, "import type { A } from '../client/a.js'\nexport interface B { a: A }\n"]),
    `${core}/client/a.ts [import-cycle] import cycle of types between folders: ${core}/client/a.ts → ${core}/worker/b.ts → ${core}/client/a.ts`,
  ],
  ['core imports another package of ours', { [other]: `${comment}import { open } from '@dtfx/sqlite'\nexport const other = open\n` }, `${other}:2 [core-alone] imports @dtfx/sqlite; core depends on no other package`],
  ['a test of core imports the test kit', { [otherTest]: "import { hub } from '@dtfx/testing'\nhub\n" }, `${otherTest}:1 [core-alone] core and its tests know no other package`],
  ['core declares a dependency', { 'packages/core/package.json': manifest('core', { ms: '1' }), [other]: `${comment}import ms from 'ms'\nexport const other = ms\n` }, 'packages/core/package.json [core-alone] has run-time dependencies'],
  ['a provider imports more than its contract', { [more]: `${comment}import { now } from '@dtfx/core'\nexport const more = now\n` }, `${more}:2 [provider-border] imports @dtfx/core; providers import @dtfx/core/provider, and @dtfx/azure-common, only`],
  ['the test kit imports a provider', { 'packages/testing/package.json': manifest('testing', { '@dtfx/core': '1', '@dtfx/sqlite': '1' }), 'packages/testing/src/more.ts': `${comment}import { open } from '@dtfx/sqlite'\nexport const more = open\n` }, 'packages/testing/src/more.ts:2 [package-border] imports @dtfx/sqlite, which this package may not know'],
  ['a package reaches into another', { [more]: `${comment}import { now } from '../../core/src/base/clock.js'\nexport const more = now\n` }, `${more}:2 [package-border] imports ../../core/src/base/clock.js, which leaves the sources of the package`],
  ['a source imports a test', { [more]: `${comment}import { now } from '../test/clock.js'\nexport const more = now\n` }, `${more}:2 [package-border] imports ../test/clock.js, which leaves the sources of the package`],
  ['a long file', { [other]: comment + lines(300) }, `${other} [file-size] has 301 lines; the limit of a source file is 300`],
  ['a long test file', { [otherTest]: lines(601) }, `${otherTest} [file-size] has 601 lines; the limit of a test file is 600`],
  ['a long function', { [other]: `${comment}export function other(): void {\n${lines(69)}}\n` }, `${other}:2 [function-size] has a function of 71 lines; the limit is 70`],
  ['a long method', { [other]: `${comment}export class Other {\n  run(): void {\n${lines(69)}  }\n}\n` }, `${other}:3 [function-size] has a function of 71 lines; the limit is 70`],
  ['five parameters', { [other]: `${comment}export const other = (a: 1, b: 2, c: 3, d: 4, e: 5): void => void [a, b, c, d, e]\n` }, `${other}:2 [parameters] has a function with 5 parameters; take an options object`],
  ['a default export', { [other]: `${comment}const other = 1\nexport default other\n` }, `${other}:3 [named-exports] has a default export; export by name`],
  ['a default function', { [other]: `${comment}export default function other(): void {}\n` }, `${other}:2 [named-exports] has a default export; export by name`],
  ['a default export by renaming', { [other]: `${comment}const other = 1\nexport { other as default }\n` }, `${other}:3 [named-exports] has a default export; export by name`],
  ['export *', { [other]: `${comment}export * from './turn.js'\n` }, `${other}:2 [named-exports] has export *; name what is exported`],
  ['an index with code', { [`${sqlite}/index.ts`]: `${comment}export { open } from './open.js'\nexport const more = 1\n` }, `${sqlite}/index.ts:3 [index-re-exports] is an index, which only re-exports`],
  ...['utils', 'util', 'helpers', 'helper', 'types', 'constants', 'common', 'misc'].map((name) => {
    return [`a file called ${name}`, { [`${core}/engine/${name}.ts`]: comment }, `${core}/engine/${name}.ts [file-name] is named after a kind; name it after its main export`] as const
  }),
  ...['workItem', 'WorkItem', 'work_item', 'work--item'].map((name) => {
    return [`a file called ${name}`, { [`${core}/engine/${name}.ts`]: comment }, `${core}/engine/${name}.ts [file-name] is not kebab-case`] as const
  }),
  ['no opening comment', { [other]: 'export const other = 1\n' }, `${other} [opening-comment] does not open with a comment that says what the file is responsible for`],
  ...['TODO', 'FIXME', 'XXX'].map((word) => [`a ${word}`, { [other]: `${comment}// ${word}: later\n` }, `${other}:2 [no-todo] is marked as unfinished; finish it, or file an issue`] as const),
  ['a TODO in a test', { [otherTest]: '// TODO: assert\n' }, `${otherTest}:1 [no-todo] is marked as unfinished; finish it, or file an issue`],
  ...['/home/me/dtfx', '/Users/me/dtfx', '/root/dtfx', 'C:\\Users\\me'].map((path) => [`the path ${path} in a document`, { 'docs/guide.md': `# Guide\n\ncd ${path}\n` }, 'docs/guide.md:3 [machine-path] names a path of one machine'] as const),
  ...['Date.now', 'Math.random', 'performance.now', 'console.log', 'console.table', 'globalThis.setTimeout', 'globalThis.Date'].map((member) => {
    return [`a use of ${member}`, { [inWorker]: `${comment}export const other = ${member}\n` }, `${inWorker}:2 [injected-host] uses ${member}; use the injected host`] as const
  }),
  ...['setTimeout', 'setInterval', 'setImmediate'].flatMap((timer) => [
    [`a call of ${timer}`, { [inWorker]: `${comment}export const other = () => ${timer}(() => {}, 1)\n` }, `${inWorker}:2 [injected-host] uses ${timer}; use the injected host`] as const,
    [`${timer} under another name`, { [inWorker]: `${comment}export const other = ${timer}\n` }, `${inWorker}:2 [injected-host] uses ${timer}; use the injected host`] as const,
  ]),
  ['a timer of a module', { [inWorker]: `${comment}import { setTimeout as later } from 'node:timers/promises'\nexport const other = later\n` }, `${inWorker}:2 [injected-host] imports node:timers/promises; use the injected clock`],
  ['the current Date', { [inWorker]: `${comment}export const other = () => new Date()\n` }, `${inWorker}:2 [injected-host] uses the current Date; use the injected host`],
  ['an undeclared dependency', { [more]: `${comment}import { x } from '@scope/driver/sub'\nexport const more = x\n` }, 'packages/sqlite/package.json [dependencies] does not declare @scope/driver, which is imported'],
  ['an undeclared dependency of an app', { 'apps/shop/src/more.ts': `${comment}import ms from 'ms'\nexport const more = ms\n` }, 'apps/shop/package.json [dependencies] does not declare ms, which is imported'],
  ['an unused dependency', { 'packages/sqlite/package.json': manifest('sqlite', { '@dtfx/core': '1', pg: '1', ms: '1' }) }, 'packages/sqlite/package.json [dependencies] declares ms, which is not imported'],
  ...["it.only('x')", "test.skip('x')", "describe.only('x')", "it.todo('x')", "it.concurrent.only('x')", "it.skip.each([])('x')"].map((call) => {
    return [`a test with ${call}`, { [otherTest]: `${call}\n` }, `${otherTest}:1 [no-only-skip] holds .only, .skip or .todo`] as const
  }),
]

/** What looks like a broken rule and is none. */
const allowed: readonly (readonly [name: string, change: Files])[] = [
  ['files at their limits', { [other]: comment + lines(299), [otherTest]: lines(600) }],
  ['a function and parameters at their limits', { [other]: `${comment}export function other(a: 1, b: 2, c: 3, d: 4): void {\n${lines(68)}}\n` }],
  ['a constructor with many parameters', { [other]: `${comment}export class Other {\n  constructor(readonly a: 1, readonly b: 2, readonly c: 3, readonly d: 4, readonly e: 5) {}\n}\n` }],
  ['types of one folder that need each other', twoFiles([other, "import type { Next } from './next.js'\nexport interface Other { next: Next }\n"], [`${core}/engine/next.ts`, "import type { Other } from './other.js'\nexport interface Next { other: Other }\n"])],
  ['banned names in comments, in types, and as members of other objects', { [inWorker]: `${comment}// not Date.now()\n/* setTimeout() */\nexport type Timer = ReturnType<typeof setTimeout>\nexport const other = (host: { clock: { setTimeout(): void } }) => host.clock.setTimeout()\n` }],
  ['a Date of a given time', { [inWorker]: `${comment}export const other = new Date(0)\n` }],
  ['real time in base, telemetry and engine', Object.fromEntries(['base', 'telemetry', 'engine'].map((folder) => [`${core}/${folder}/other.ts`, `${comment}export const other = () => setTimeout(Date.now)\n`]))],
  ['a dependency that is only types', { 'apps/shop/package.json': JSON.stringify({ name: '@dtfx/shop', dependencies: { '@dtfx/core': '1' }, devDependencies: { '@types/mdast': '1' } }), 'apps/shop/src/more.ts': `${comment}import type { Root } from 'mdast'\nexport type More = Root\n` }],
  ['a package that an app loads by configuration', { 'apps/shop/package.json': manifest('shop', { '@dtfx/core': '1', 'by-configuration': '1' }) }],
  ['a long suite of the conformance kit', { 'packages/testing/src/conformance/locks.ts': `${comment}export function locks(): void {\n${lines(100)}}\n` }],
  ['a document that speaks of rules, and an address', { 'docs/rules.md': 'No TODO. See https://example.org/home/index.html and /etc/hosts.\n' }],
  ['a recorded file with foreign paths', { 'packages/core/test/fixtures/recording.json': '"/home/me/hub"\n' }],
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
    const findings = checkArchitecture(root).map(describeFinding)
    expect(findings).toContain(finding)
    // Core that imports a package of ours has not declared it either: the one change that breaks two rules.
    expect(findings.filter((each) => !each.includes('[dependencies] does not declare') || each === finding)).toEqual([finding])
  })

  it('as a program: prints findings and ends with 1, or says that all is in order', () => {
    write(good)
    const run = (): { status: number | null; stdout: string } => spawnSync(process.execPath, [program, root], { encoding: 'utf8' })
    expect(run()).toMatchObject({ status: 0, stdout: 'architecture: in order\n' })
    write({ [other]: 'export const other = 1 // TODO\n' })
    const { status, stdout } = run()
    expect(status).toBe(1)
    expect(stdout.trimEnd().split('\n')).toEqual([expect.stringContaining('[opening-comment]'), expect.stringContaining('[no-todo]'), 'architecture: 2 findings; the rules are in CONTRIBUTING.md'])
  })
})
