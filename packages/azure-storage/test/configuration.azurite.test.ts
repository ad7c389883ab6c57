/** Another store by configuration: one program, of which only the name of the provider in `dtfx.config.json` changes. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineActivity, defineOrchestration, loadOrchestrationService, TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startAzurite, type Azurite } from './azurite.js'

const double = defineActivity('Double', (_ctx, value: number) => value * 2)
const flow = defineOrchestration('Flow', async (ctx, value: number) => ctx.callActivity(double, value))

let azurite: Azurite
const folder = mkdtempSync(join(tmpdir(), 'dtfx-config-'))
/** As npm lays packages out: the sources stand for what is built. */
beforeAll(async () => {
  azurite = await startAzurite()
  for (const [name, entry] of [['azure-storage', 'index.ts'], ['testing', 'memory/index.ts']] as const) {
    const home = join(folder, 'node_modules', '@dtfx', name)
    mkdirSync(home, { recursive: true })
    symlinkSync(fileURLToPath(new URL(`../../${name}/src`, import.meta.url)), join(home, 'src'))
    const target = `./src/${entry}`
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name: `@dtfx/${name}`, version: '1.0.0', type: 'module', exports: name === 'testing' ? { './memory': target } : { '.': target } }))
  }
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await azurite.stop()
})

it.each(['memory', 'azure-storage'])('runs on %s', async (provider) => {
  const file = join(folder, `${provider}.json`)
  writeFileSync(file, JSON.stringify(provider === 'memory' ? { provider } : { provider, options: { connectionString: azurite.connectionString, taskHub: 'Swapped' } }))
  const service = await loadOrchestrationService(file)
  expect(service.name).toBe(provider)
  const worker = new TaskHubWorker(service, { orchestrations: [flow], activities: [double] })
  await worker.start()
  const handle = await new TaskHubClient(service).start(flow, 21)
  expect(await handle.result({ timeout: '20s' })).toBe(42)
  await worker.stop()
  await service.close()
})
