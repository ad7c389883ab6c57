import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadOrchestrationService, loadWithin } from '../../src/config/load-orchestration-service.js'
import type { ConfigOverrides } from '../../src/config/config-overrides.js'
import type { OrchestrationServiceConfig } from '../../src/config/orchestration-config.js'
import { DurableError } from '../../src/errors/durable-error.js'
import type { Host, OrchestrationService } from '../../src/provider/orchestration-service.js'
import { echoProvider, ProjectFolder } from './project-folder.js'

let project: ProjectFolder
beforeEach(() => {
  project = new ProjectFolder()
  project.package('@acme/store', echoProvider)
  project.package('@dtfx/sqlite', echoProvider)
  project.package('@dtfx/testing', echoProvider, './memory')
})
afterEach(() => project[Symbol.dispose]())

type Echo = OrchestrationService & { readonly options: unknown; readonly given: Host }
type Env = Readonly<Record<string, string | undefined>>

async function load(config?: unknown, env: Env = {}, cwd = project.path, host?: Host): Promise<Echo> {
  return (await loadWithin(config as OrchestrationServiceConfig, host, { cwd, env })) as Echo
}

async function failure(run: Promise<unknown>): Promise<DurableError> {
  const thrown: unknown = await run.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(DurableError.is(thrown), String(thrown)).toBe(true)
  return thrown as DurableError
}

describe('a configuration that is passed', () => {
  it('names a package, with options and host', async () => {
    const clock = { nowMs: () => 1 } as unknown as NonNullable<Host['clock']>
    const service = await load({ provider: '@acme/store', options: { taskHub: 'orders' } }, {}, project.path, { clock })
    expect(service.options).toEqual({ taskHub: 'orders' })
    expect(service.given.clock).toBe(clock)
  })

  it.each([
    ['sqlite', '@dtfx/sqlite'],
    ['memory', '@dtfx/testing/memory'],
  ])('takes the short name %s for %s', async (short, name) => {
    expect((await load({ provider: short })).name).toBe('echo')
    expect((await load({ provider: name })).name).toBe('echo')
  })

  it('names a module by its path', async () => {
    const path = project.file('lib/own-store.mjs', echoProvider)
    expect((await load({ provider: './lib/own-store.mjs' })).name).toBe('echo')
    expect((await load({ provider: path })).name).toBe('echo')
    expect((await load({ provider: pathToFileURL(path).href })).name).toBe('echo')
  })

  it('is a path or a URL of a file, resolved from there', async () => {
    const path = project.file('conf/hub.json', { provider: '@acme/store', options: { from: 'file' } })
    expect((await load('conf/hub.json')).options).toEqual({ from: 'file' })
    expect((await load(path, {}, '/')).options).toEqual({ from: 'file' })
    expect((await load(pathToFileURL(path), {}, '/')).options).toEqual({ from: 'file' })
  })

  it('is found beside the program, when the working directory is foreign', async () => {
    const config: OrchestrationServiceConfig = { provider: '@acme/store' }
    expect((await failure(loadWithin(config, undefined, { cwd: '/', env: {} }))).code).toBe('DTFX_PROVIDER_NOT_FOUND')
    const service = await loadWithin(config, undefined, { cwd: '/', env: {}, program: join(project.path, 'dist/main.js') })
    expect(service.name).toBe('echo')
  })

  it('is found beside the file that a command is a link to', async () => {
    const link = join(project.path, 'bin/dtfx')
    project.file('global/dist/main.js', '')
    project.file('bin/other', '')
    project.file('global/node_modules/@far/store/package.json', { name: '@far/store', type: 'module', exports: './index.js' })
    project.file('global/node_modules/@far/store/index.js', echoProvider)
    symlinkSync('../global/dist/main.js', link)
    expect((await loadWithin({ provider: '@far/store' }, undefined, { cwd: '/', env: {}, program: link })).name).toBe('echo')
    expect((await failure(loadWithin({ provider: '@far/store' }, undefined, { cwd: '/', env: {}, program: join(project.path, 'bin/other') }))).code).toBe('DTFX_PROVIDER_NOT_FOUND')
    expect((await failure(loadWithin({ provider: '@far/store' }, undefined, { cwd: '/', env: {}, program: join(project.path, 'bin/nowhere') }))).code).toBe('DTFX_PROVIDER_NOT_FOUND')
  })

  it('keeps objects among the options as they are', async () => {
    class Credential {}
    const credential = new Credential()
    expect((await load({ provider: '@acme/store', options: { credential } })).options).toEqual({ credential })
    expect(((await load({ provider: '@acme/store', options: { credential } })).options as { credential: unknown }).credential).toBe(credential)
  })

  it('refers to the environment', async () => {
    const config = { provider: '@acme/store', options: { connectionString: '$env:STORE', nested: [{ key: '$env:KEY' }], plain: 'env:KEY' } }
    const service = await load(config, { STORE: 'Endpoint=x', KEY: 'k' })
    expect(service.options).toEqual({ connectionString: 'Endpoint=x', nested: [{ key: 'k' }], plain: 'env:KEY' })
  })
})

describe('a configuration that is found', () => {
  it('lies in the working directory or above it', async () => {
    project.file('dtfx.config.json', { $schema: './schema.json', provider: '@acme/store', options: { a: 1 } })
    mkdirSync(join(project.path, 'src/deep'), { recursive: true })
    expect((await load(undefined, {}, join(project.path, 'src/deep'))).options).toEqual({ a: 1 })
  })

  it.each(['export default', 'export const config ='])('is a module: %s', async (start) => {
    project.file('dtfx.config.mjs', `${start} { provider: '@acme/store', options: { a: 1 + 1 } }`)
    expect((await load()).options).toEqual({ a: 2 })
  })

  it('is the nearest one', async () => {
    project.file('dtfx.config.json', { provider: '@acme/store', options: { from: 'root' } })
    project.file('app/dtfx.config.json', { provider: '@acme/store', options: { from: 'app' } })
    expect((await load(undefined, {}, join(project.path, 'app'))).options).toEqual({ from: 'app' })
  })

  it('may begin with a byte order mark', async () => {
    project.file('dtfx.config.json', `\uFEFF{"provider":"@acme/store"}`)
    expect((await load()).name).toBe('echo')
  })

  it('is the environment', async () => {
    expect((await load(undefined, { DTFX_PROVIDER: '@acme/store', DTFX_OPTIONS: '{"taskHub":"orders"}' })).options).toEqual({ taskHub: 'orders' })
    expect((await load(undefined, { DTFX_PROVIDER: '@acme/store' })).options).toEqual({})
  })

  it('is the environment before the file, whose payloads still hold', async () => {
    project.file('dtfx.config.json', { provider: 'sqlite', options: { file: 'x.db' }, payloads: { codecs: ['gzip'] } })
    const service = await load(undefined, { DTFX_PROVIDER: '@acme/store' })
    expect(service.converter).toBeDefined()
    expect(service.options).toBeUndefined()
  })

  it('is that of the process', async () => {
    project.file('dtfx.config.json', { provider: '@acme/store' })
    const before = process.cwd()
    process.chdir(project.path)
    try {
      expect((await loadOrchestrationService()).name).toBe('echo')
    } finally {
      process.chdir(before)
    }
  })
})

describe('overrides', () => {
  const overridden = async (overrides: ConfigOverrides, config?: OrchestrationServiceConfig, env: Env = {}): Promise<Echo> => (await loadWithin(config, undefined, { cwd: project.path, env }, overrides)) as Echo

  it('name another provider, with its own options', async () => {
    project.file('dtfx.config.json', { provider: 'sqlite', options: { file: 'x.db' } })
    expect((await overridden({ provider: '@acme/store' })).options).toEqual({})
    expect((await overridden({ provider: '@acme/store', options: { a: 1 } })).options).toEqual({ a: 1 })
    expect((await overridden({ provider: '@acme/store' }, undefined, { DTFX_PROVIDER: 'nothing', DTFX_OPTIONS: '{"b":1}' })).options).toEqual({})
  })

  it('need no configuration when they name a provider', async () => {
    expect((await overridden({ provider: '@acme/store', options: { key: '$env:KEY' } }, undefined, { KEY: 'k' })).options).toEqual({ key: 'k' })
    expect((await failure(overridden({ options: { a: 1 } }))).code).toBe('DTFX_CONFIG_NOT_FOUND')
  })

  it('lay options over the configured ones', async () => {
    project.file('dtfx.config.json', { provider: '@acme/store', options: { taskHub: 'A', connectionString: 'x' } })
    expect((await overridden({ options: { taskHub: 'B' } })).options).toEqual({ taskHub: 'B', connectionString: 'x' })
    expect((await overridden({ options: { taskHub: 'B' } }, { provider: '@acme/store' })).options).toEqual({ taskHub: 'B' })
    expect((await overridden({})).options).toEqual({ taskHub: 'A', connectionString: 'x' })
  })

  it('leave the payloads as they are configured', async () => {
    project.file('dtfx.config.json', { provider: 'sqlite', payloads: { codecs: ['gzip'] } })
    expect((await overridden({ provider: '@acme/store' })).converter).toBeDefined()
  })

  it('are named by errors', async () => {
    const file = project.file('dtfx.config.json', { provider: '@acme/store', payloads: {} })
    expect((await failure(overridden({ provider: '@acme/absent', source: 'command line' }))).message).toContain(`(named in command line with payloads of ${file})`)
    expect((await failure(overridden({ options: { a: '$env:NOWHERE' }, source: 'command line' }))).message).toContain(`Configuration command line over ${file}: 'options.a' refers to`)
    project.file('dtfx.config.json', { provider: '@acme/store', options: [] })
    expect((await failure(overridden({ options: { a: 1 } }))).message).toContain(`Configuration ${file}: 'options' is a list`)
    project.file('dtfx.config.json', '[]')
    expect((await failure(overridden({ options: { a: 1 } }))).message).toContain("'configuration' is a list")
    expect((await overridden({ provider: '@acme/store' })).name).toBe('echo')
  })
})

describe('payloads of a configuration', () => {
  const key = Buffer.alloc(32, 7).toString('base64')

  it('are described as JSON', async () => {
    const config = { provider: '@acme/store', payloads: { codecs: ['gzip', { codec: 'aes-256-gcm', keys: { k1: '$env:KEY' }, activeKey: 'k1' }], digestKey: '$env:KEY', keyGrace: '1m' } }
    expect((await load(config, { KEY: key })).converter).toBeDefined()
  })

  it('are objects in a module', async () => {
    project.file(
      'dtfx.config.mjs',
      `const rot = { id: 'rot', encode: (bytes) => ({ bytes }), decode: (bytes) => bytes }
       const converter = { encode: (value) => 'v' + value, decode: (text) => text.slice(1) }
       export default { provider: '@acme/store', payloads: { codecs: [rot, { codec: 'gzip', minBytes: 1 }], converter } }`,
    )
    expect((await load()).converter?.encode(1, 'x')).toBe('v1')
  })

  it('without codecs leave the service alone', async () => {
    expect((await load({ provider: '@acme/store', payloads: {} })).converter).toBeUndefined()
    expect((await load({ provider: '@acme/store', payloads: { codecs: [] } })).options).toEqual({})
  })
})

const secret = 'c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldCE='
const aes = (more: object) => ({ provider: '@acme/store', payloads: { codecs: [{ codec: 'aes-256-gcm', keys: { k1: secret }, ...more }] } })

const mistakes: readonly [what: string, config: unknown, code: string, text: string][] = [
  ['no object', 5, 'DTFX_CONFIG_INVALID', "'configuration' is a number; give an object with 'provider'"],
  ['null', null, 'DTFX_CONFIG_INVALID', "'configuration' is null"],
  ['no provider', {}, 'DTFX_CONFIG_INVALID', "'provider' is missing; give the name of a provider"],
  ['a provider that is no text', { provider: 7 }, 'DTFX_CONFIG_INVALID', "'provider' is a number"],
  ['an empty provider', { provider: '' }, 'DTFX_CONFIG_INVALID', "'provider' is empty"],
  ['an unknown key', { provider: '@acme/store', option: {} }, 'DTFX_CONFIG_INVALID', "'option' is not known. Did you mean 'options'?"],
  ['options that are no object', { provider: '@acme/store', options: [] }, 'DTFX_CONFIG_INVALID', "'options' is a list; give an object"],
  ['a typo in a short name', { provider: 'sqllite' }, 'DTFX_CONFIG_INVALID', "'provider' is 'sqllite', which is not known. Did you mean 'sqlite'?"],
  ['a short name in capitals', { provider: 'AzureStorage' }, 'DTFX_CONFIG_INVALID', "Did you mean 'azure-storage'?"],
  ['a provider that is not installed', { provider: '@acme/absent' }, 'DTFX_PROVIDER_NOT_FOUND', 'npm install @acme/absent'],
  ['a package that is not installed', { provider: '@other/store/sub' }, 'DTFX_PROVIDER_NOT_FOUND', 'npm install @other/store'],
  ['a file that is not there', { provider: './nowhere.mjs' }, 'DTFX_CONFIG_INVALID', "'provider' is './nowhere.mjs', but there is no such file"],
  ['a package that is no provider', { provider: '@acme/other' }, 'DTFX_PROVIDER_INVALID', 'does not export createOrchestrationService'],
  ['a module the package does not export', { provider: '@acme/store/inner' }, 'DTFX_PROVIDER_INVALID', '@acme/store/inner'],
  ['a package that cannot be loaded', { provider: '@acme/broken' }, 'DTFX_CONFIG_INVALID', 'cannot be loaded: no good'],
  ['a factory that creates something else', { provider: '@acme/empty' }, 'DTFX_PROVIDER_INVALID', '@acme/empty'],
  ['an option the provider refuses', { provider: '@acme/strict', options: { taskhub: 1 } }, 'DTFX_CONFIG_INVALID', "'options.taskhub' is not known"],
  ['a variable that is not set', { provider: '@acme/store', options: { a: { b: '$env:NOWHERE' } } }, 'DTFX_CONFIG_INVALID', "'options.a.b' refers to environment variable NOWHERE, which is not set"],
  ['payloads that are no object', { provider: '@acme/store', payloads: 'gzip' }, 'DTFX_CONFIG_INVALID', "'payloads' is a text"],
  ['an unknown key in payloads', { provider: '@acme/store', payloads: { codec: 'gzip' } }, 'DTFX_CONFIG_INVALID', "'payloads.codec' is not known. Did you mean 'codecs'?"],
  ['codecs that are no list', { provider: '@acme/store', payloads: { codecs: 'gzip' } }, 'DTFX_CONFIG_INVALID', "'payloads.codecs' is a text; give a list"],
  ['an unknown codec', { provider: '@acme/store', payloads: { codecs: ['gzap'] } }, 'DTFX_CONFIG_INVALID', "'payloads.codecs[0]' is 'gzap', which is no codec. Did you mean 'gzip'?"],
  ['a codec that is nothing', { provider: '@acme/store', payloads: { codecs: [null] } }, 'DTFX_CONFIG_INVALID', "'payloads.codecs[0]' is null"],
  ['an unknown option of a codec', { provider: '@acme/store', payloads: { codecs: [{ codec: 'gzip', minbytes: 1 }] } }, 'DTFX_CONFIG_INVALID', "'payloads.codecs[0].minbytes' is not known. Did you mean 'minBytes'?"],
  ['a wrong option of a codec', { provider: '@acme/store', payloads: { codecs: [{ codec: 'gzip', level: 12 }] } }, 'DTFX_CONFIG_INVALID', "'payloads.codecs[0]' is not valid: level is 12; give 1 to 9"],
  ['a codec given twice', { provider: '@acme/store', payloads: { codecs: ['gzip', 'gzip'] } }, 'DTFX_CONFIG_INVALID', "codec 'gzip' is given twice"],
  ['a converter that is none', { provider: '@acme/store', payloads: { converter: 'superjson' } }, 'DTFX_CONFIG_INVALID', "'payloads.converter' is a text"],
  ['encryption without a key for ids', { provider: '@acme/store', payloads: { codecs: [{ codec: 'aes-256-gcm', keys: { k1: Buffer.alloc(32, 7).toString('base64') } }] } }, 'DTFX_CONFIG_INVALID', "'payloads.digestKey' is not valid: digestKey is missing"],
  ['a wrong grace', { provider: '@acme/store', payloads: { keyGrace: 'long' } }, 'DTFX_CONFIG_INVALID', "'payloads.keyGrace' is not valid"],
  ['no keys', aes({ keys: undefined }), 'DTFX_CONFIG_INVALID', 'keys is not an object'],
  ['empty keys', aes({ keys: {} }), 'DTFX_CONFIG_INVALID', 'keys is not an object of at least one key id'],
  ['a key that is too long', aes({}), 'DTFX_CONFIG_INVALID', "key 'k1' has 35 bytes; give 32"],
  ['a key that is no Base64', aes({ keys: { k1: 'hunter2!' } }), 'DTFX_CONFIG_INVALID', "key 'k1' is not Base64 of 32 bytes"],
  ['a key that is neither', aes({ keys: { k1: 5 } }), 'DTFX_CONFIG_INVALID', "key 'k1' is neither bytes nor Base64"],
  ['a key id that is none', aes({ keys: { 'a b': secret } }), 'DTFX_CONFIG_INVALID', "key id 'a b' is not valid"],
]

describe('a mistake is one error that names key and source', () => {
  beforeEach(() => {
    project.package('@acme/other', 'export const nothing = 1')
    project.package('@acme/broken', "throw new Error('no good')")
    project.package('@acme/empty', 'export const createOrchestrationService = () => ({})')
    project.package(
      '@acme/strict',
      `const brand = Symbol.for('dtfx.error')
       export const createOrchestrationService = () => {
         throw Object.assign(new Error('raw'), { [brand]: true, code: 'DTFX_CONFIG_INVALID', details: { source: 'options of @acme/strict', key: 'taskhub', problem: 'is not known.' } })
       }`,
    )
  })

  it.each(mistakes)('%s', async (_, config, code, text) => {
    const passed = await failure(load(config))
    expect(passed.code).toBe(code)
    expect(passed.message).toContain(text)
    expect(passed.message).toContain('argument of loadOrchestrationService')
    expect(passed.message).not.toContain(secret)
    expect(passed.message).not.toContain('hunter2')
    const file = project.file('dtfx.config.json', JSON.stringify(config))
    const found = await failure(load())
    expect(found.code).toBe(code)
    expect(found.message).toContain(text)
    expect(found.message).toContain(file)
  })

  it('no configuration at all', async () => {
    const error = await failure(load())
    expect(error.code).toBe('DTFX_CONFIG_NOT_FOUND')
    expect(error.message).toContain(project.path)
  })

  it('a file that is no JSON', async () => {
    const file = project.file('dtfx.config.json', '{ provider: ')
    const error = await failure(load())
    expect(error.code).toBe('DTFX_CONFIG_INVALID')
    expect(error.message).toContain(`Configuration ${file}: 'file' cannot be read`)
  })

  it('a module that exports none', async () => {
    project.file('dtfx.config.mjs', 'export const other = 1')
    expect((await failure(load())).code).toBe('DTFX_CONFIG_INVALID')
  })

  it('a module that throws', async () => {
    project.file('dtfx.config.mjs', "throw new Error('not today')")
    expect((await failure(load())).message).toContain('not today')
  })

  it('two files in one folder', async () => {
    project.file('dtfx.config.json', { provider: 'sqlite' })
    project.file('dtfx.config.mjs', 'export default {}')
    expect((await failure(load())).message).toContain('is there twice')
  })

  it('options without a provider in the environment', async () => {
    expect((await failure(load(undefined, { DTFX_OPTIONS: '{}' }))).message).toContain("'DTFX_OPTIONS' is set, but DTFX_PROVIDER is not")
  })

  it.each([
    ['{"key":"hunter2"', 'is no JSON'],
    ['[]', 'is a list; give a JSON object'],
    ['"x"', 'is a text; give a JSON object'],
  ])('options in the environment: %s', async (text, problem) => {
    const error = await failure(load(undefined, { DTFX_PROVIDER: '@acme/store', DTFX_OPTIONS: text }))
    expect(error.message).toContain(`Configuration environment: 'DTFX_OPTIONS' ${problem}`)
    expect(error.message).not.toContain('hunter2')
  })

  it('a provider in the environment that is not installed', async () => {
    const error = await failure(load(undefined, { DTFX_PROVIDER: '@acme/absent' }))
    expect(error.message).toContain('environment variable DTFX_PROVIDER')
    expect(error.message).toContain('npm install @acme/absent')
  })
})
