/** The console sample of docs/coming-from.md: what it prints when the function is suspended in memory, and when it is replayed. */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { defineActivity, defineOrchestration, type Logger } from '@dtfx/core'
import { createTestHub, stub } from '@dtfx/testing'

const docs = readFileSync(new URL('../../../../docs/coming-from.md', import.meta.url), 'utf8')
const [replayed, cached] = [...docs.matchAll(/```text\n([\s\S]*?)```/g)].map(([, text]) => (text ?? '').trim().split('\n'))

const testActivity1 = defineActivity('TestActivity1', () => true)
const testOrchestration = defineOrchestration('TestOrchestration', async (ctx) => {
  console.log(`Is Replaying = ${ctx.isReplaying}`)
  console.log('Running Orchestration')
  const result = await ctx.callActivity(testActivity1, undefined, { retry: { maxAttempts: 3, firstDelay: '1s' } })
  console.log('Orchestration Finished')
  return result
})

const loggedOrchestration = defineOrchestration('LoggedOrchestration', async (ctx) => {
  ctx.log.info('running')
  await ctx.callActivity(testActivity1)
  ctx.log.info('half way')
  await ctx.callActivity(testActivity1)
  ctx.log.info('finished')
})

afterEach(() => void vi.restoreAllMocks())

describe('the console sample', () => {
  it.each([
    ['with the cache off it is the text of the page', false, replayed],
    ['with the cache on it is the shorter text of the page', undefined, cached],
  ] as const)('%s', async (_, cache, expected) => {
    const lines: string[] = []
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
    await using hub = await createTestHub({ orchestrations: [testOrchestration], activities: [testActivity1], ...(cache === undefined ? {} : { cache }) })
    expect(await (await hub.client.start(testOrchestration)).result()).toBe(true)
    expect(lines).toEqual(expected)
    expect(expected?.length).toBeGreaterThan(2)
  })

  it('is the text of the page after a restart between the turns, too', async () => {
    const lines: string[] = []
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
    await using hub = await createTestHub({ orchestrations: [testOrchestration], activities: [stub(testActivity1).delays('1h').returns(true)] })
    const handle = await hub.client.start(testOrchestration)
    await hub.runUntilIdle()
    expect(lines).toEqual(replayed?.slice(0, 2))
    await hub.restartWorker()
    await hub.advance('1h')
    expect(await handle.result()).toBe(true)
    expect(lines).toEqual(replayed)
  })

  it.each([[false], [undefined]] as const)('ctx.log writes each line once, cache: %s', async (cache) => {
    const lines: string[] = []
    const logger: Logger = { enabled: () => true, log: (_level, message, _fields, event) => void (event === undefined && lines.push(message)) }
    await using hub = await createTestHub({ orchestrations: [loggedOrchestration], activities: [testActivity1], logger, ...(cache === undefined ? {} : { cache }) })
    await (await hub.client.start(loggedOrchestration)).result()
    expect(lines).toEqual(['running', 'half way', 'finished'])
  })
})
