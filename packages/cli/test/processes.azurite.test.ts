/** The built command, as an operator runs it: processes of their own on a task hub in a storage emulator, whose worker runs here. */
import { createOrchestrationService, type AzureStorageService } from '@dtfx/azure-storage'
import { TaskHubClient, TaskHubWorker, type HistoryFile } from '@dtfx/core'
import { replayHistory } from '@dtfx/testing'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAzurite, type Azurite } from '../../azure-storage/test/azurite.js'
import { Project } from './dtfx-process.js'
import { activities, orchestrations, orderFlow } from './order-hub.js'

let azurite: Azurite
let project: Project
beforeAll(async () => {
  azurite = await startAzurite()
  const config = { provider: 'azure-storage', options: { taskHub: 'Orders', connectionString: '$env:STORE' } }
  project = await Project.create({ 'dtfx.config.json': JSON.stringify(config), 'input.json': '{"id":"file"}' }, ['azure-storage'], { STORE: azurite.connectionString })
})
afterAll(async () => {
  await azurite.stop()
  await project.remove()
})

function serviceOf(taskHub: string): AzureStorageService {
  return createOrchestrationService({ connectionString: azurite.connectionString, taskHub, maxPollingInterval: '200ms' })
}

const place = (taskHub: string): string => `task hub '${taskHub}' of account 'devstoreaccount1' (127.0.0.1:${azurite.ports.table})`
const json = (stdout: string): Record<string, unknown>[] => stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)

describe('dtfx on a task hub', () => {
  it('creates it, starts, shows, raises, rewinds, exports and purges', async () => {
    expect(await project.run('list')).toMatchObject({ code: 1, stdout: '', stderr: `error: There is no ${place('Orders')}. Check its name; a worker creates it when it starts, and so does dtfx hub create. [DTFX_HUB_NOT_FOUND]\n` })
    expect(await project.run('hub', 'create')).toMatchObject({ code: 0, stdout: `created: ${place('Orders')}\n`, stderr: '' })
    const service = serviceOf('Orders')
    const worker = new TaskHubWorker(service, { orchestrations, activities })
    await worker.start()
    try {
      const follow = project.start('start', 'OrderFlow', '{"id":"a","approval":true}', '--id', 'a', '--tag', 'tenant=acme', '--follow')
      await follow.printed('activity completed')
      expect(await project.run('raise', 'a', 'Approved', '{"by":"me"}')).toMatchObject({ code: 0, stdout: "a: event 'Approved' sent\n", stderr: '' })
      const followed = await follow.ended
      expect(followed).toMatchObject({ code: 0, stderr: 'a: started\n' })
      expect(followed.stdout).toMatch(/event received +Approved +\{"by":"me"\}\n[^]*child completed +Ship[^]*\nOutput +"shipped receipt-a"\n/)

      expect(await project.run('start', 'OrderFlow', '{"id":"b","declined":true}', '--id', 'b', '--follow', '--json')).toMatchObject({ code: 1, stderr: '' })
      const shown = await project.run('show', 'b')
      expect(shown.stdout).toMatch(/^b {2}OrderFlow {2}Failed\n\nFailed because\n {2}TypeError: no such account\n/)
      expect(shown.stdout).toMatch(/activity scheduled +Charge +attempt 3\n/)

      const listed = json((await project.run('list', '--json', '--roots', '--status', 'completed,failed')).stdout)
      expect(listed.map(({ instanceId, status }) => [instanceId, status])).toEqual([['a', 'Completed'], ['b', 'Failed']])

      expect((await project.run('history', 'export', 'a', '--to', 'a.json')).code).toBe(0)
      await replayHistory(orderFlow, JSON.parse(await readFile(join(project.path, 'a.json'), 'utf8')) as HistoryFile)

      expect(await project.run('rewind', 'b', 'nobody')).toMatchObject({ code: 1, stdout: 'b: rewind sent\n', stderr: "error: Orchestration 'nobody' does not exist. [DTFX_INSTANCE_NOT_FOUND]\n" })
      expect((await project.run('show', 'b', '--follow', '--no-history')).stdout).toContain('Failed because')
      expect(await project.run('purge', '--completed-before', '2100-01-01', '--json')).toMatchObject({ code: 2, stdout: '' })
      expect(json((await project.run('purge', '--completed-before', '2100-01-01', '--json', '--yes')).stdout)).toEqual([{ succeeded: 3, failed: 0, errors: [], aborted: false }])
      expect(await project.run('list')).toMatchObject({ code: 0, stdout: '', stderr: 'No such instance.\n' })
    } finally {
      await worker.stop()
      await service.close()
    }
  }, 120_000)

  it('lists, replays and deletes what was set aside, and resets the hub', async () => {
    const hub = ['--options', '{"taskHub":"Poison"}']
    const service = serviceOf('Poison')
    await service.createHub()
    const quarantine = service.quarantine as AzureStorageService['quarantine'] & { add(message: object): Promise<void> }
    for (const id of ['m1', 'm2']) await quarantine.add({ id, queue: 'poison-control-00', text: 'no message', code: 'DTFX_WIRE_INVALID', reason: 'it is no JSON' })
    expect((await project.run('quarantine', 'list', ...hub)).stdout).toMatch(/^m1 +- +unreadable +\d{4}-.*DTFX_WIRE_INVALID {2}it is no JSON$/m)
    expect(await project.run('quarantine', 'replay', 'm1', ...hub)).toMatchObject({ code: 0, stdout: 'm1: replayed\n' })
    expect(json((await project.run('hub', 'show', '--json', ...hub)).stdout)).toMatchObject([{ provider: 'azure-storage', location: place('Poison'), backlog: { orchestrationBacklog: 1 } }])
    expect(await project.run('quarantine', 'delete', 'm1', 'm2', '--yes', ...hub)).toMatchObject({ code: 1, stdout: 'm2: deleted\n', stderr: "error: No message 'm1' is set aside. [DTFX_MESSAGE_NOT_FOUND]\n" })
    expect(await project.run('hub', 'reset', '--yes', ...hub)).toMatchObject({ code: 0, stdout: `reset: ${place('Poison')}\n` })
    expect(json((await project.run('hub', 'show', '--json', ...hub)).stdout)).toMatchObject([{ backlog: { orchestrationBacklog: 0 } }])
    await service.close()
  }, 120_000)

  it('is quiet when its reader goes, and when it is interrupted', async () => {
    const hub = ['--options', '{"taskHub":"Many"}']
    const service = serviceOf('Many')
    const items = Array.from({ length: 250 }, (_, i) => ({ input: { id: 'x'.repeat(4_000) }, instanceId: `n${String(i).padStart(3, '0')}` }))
    await new TaskHubClient(service).startMany(orderFlow, items)
    const { child, ended } = project.start('list', '--all', '--json', '--payloads', ...hub)
    child.stdout?.once('data', () => child.stdout?.destroy())
    expect(await ended).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(json((await project.run('list', '--all', '--json', ...hub)).stdout)).toHaveLength(250)

    const following = project.start('show', 'n000', '--follow', '--json', ...hub)
    const showing = project.start('show', 'n000', '--follow', ...hub)
    // It has read the state then: there is no history yet, so nothing is printed.
    await project.run('show', 'n000', ...hub)
    for (const each of [following, showing]) each.child.kill('SIGINT')
    for (const each of [following, showing]) expect(await each.ended).toEqual({ code: null, signal: 'SIGINT', stdout: '', stderr: '' })
    await service.close()
  }, 120_000)
})

describe('dtfx says what is wrong', () => {
  it.each([
    ['no configuration', {}, [], 2, /^error: No provider is configured\. .*\[DTFX_CONFIG_NOT_FOUND\]\nHere: --config/],
    ['a file that is no JSON', { 'dtfx.config.json': '{' }, [], 2, /^error: Configuration .*dtfx\.config\.json: 'file' cannot be read: .*\[DTFX_CONFIG_INVALID\]\n$/],
    ['a file that is not there', {}, ['--config', 'x.json'], 2, /^error: Configuration .*x\.json: 'file' cannot be read: ENOENT/],
    ['an unknown provider', { 'dtfx.config.json': '{"provider":"sqllite"}' }, [], 2, /'provider' is 'sqllite', which is not known\. Did you mean 'sqlite'\?/],
    ['a provider that is not installed', {}, ['--provider', '@acme/absent'], 2, /^error: Provider '@acme\/absent' \(named in command line\) is not installed: package '@acme\/absent' was not found from .*Run: npm install @acme\/absent \[DTFX_PROVIDER_NOT_FOUND\]\n$/],
    ['an unknown option', {}, ['--provider', 'azure-storage', '--options', '{"hub":"x"}'], 2, /^error: Configuration command line: 'options\.hub' is not known/],
  ])('%s', async (_, files, args, code, text) => {
    const other = await Project.create(files, ['azure-storage'])
    const ran = await other.run('list', ...args)
    await other.remove()
    expect(ran.stderr).toMatch(text)
    expect([ran.code, ran.stdout]).toEqual([code, ''])
  })

  it('a store that does not answer', async () => {
    const away = await startAzurite()
    await away.stop()
    const other = await Project.create({}, ['azure-storage'], { DTFX_PROVIDER: 'azure-storage', DTFX_OPTIONS: JSON.stringify({ connectionString: away.connectionString }) })
    const { code, stdout, stderr } = await other.run('show', 'a')
    await other.remove()
    const where = `task hub 'Default' of account 'devstoreaccount1' (127.0.0.1:${away.ports.table})`
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr.replace(/^note: still working.*\n/, '')).toBe(`note: it happened on ${where}\nerror: looking for queue 'default-workitems' failed for a passing reason: no answer from the storage account (ECONNREFUSED) [DTFX_TRANSIENT]\n`)
  }, 120_000)

  it('a wrong key', async () => {
    const options = JSON.stringify({ connectionString: azurite.connectionString.replace('AccountKey=Eby8', 'AccountKey=Abc8') })
    expect(await project.run('list', '--provider', 'azure-storage', '--options', options)).toMatchObject({ code: 1, stderr: expect.stringMatching(/403 AuthenticationFailed \[DTFX_PERMANENT\]\n$/) as string })
    expect(await project.run('quarantine', 'list', '--provider', 'azure-storage', '--options', options)).toMatchObject({ code: 1, stderr: expect.stringMatching(/403 AuthenticationFailed \[DTFX_PERMANENT\]\n$/) as string })
  })

  it('that a provider in memory shows nothing', async () => {
    const other = await Project.create({}, ['testing'])
    expect(await other.run('list', '--provider', 'memory')).toMatchObject({ code: 0, stderr: 'note: the provider memory keeps everything in its own process; there is nothing in it that another one has put there.\nNo such instance.\n' })
    await other.remove()
  })
})
