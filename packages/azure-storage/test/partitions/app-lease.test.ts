/** The loop of the app lease on a virtual clock; what the blobs do is in app-lease.azurite.test.ts. */
import type { LogLevel } from '@dtfx/core/provider'
import { VirtualClock } from '@dtfx/testing'
import { expect, test } from 'vitest'
import { AppLease, appLeaseDefaults } from '../../src/partitions/app-lease.js'
import { appLeaseId } from '../../src/partitions/app-lease-id.js'

type Answer = boolean | 'fails' | 'hangs'

function lease({ enabled = true, lost = () => Promise.resolve() }: { enabled?: boolean; lost?: () => Promise<void> } = {}) {
  const clock = new VirtualClock()
  const seen: string[] = []
  const log: string[] = []
  const answers = { acquire: true as Answer, renew: true as Answer }
  const at = (what: string): void => void seen.push(`${clock.monotonicMs() / 1_000} ${what}`)
  const answer = (what: 'acquire' | 'renew', signal: AbortSignal): Promise<boolean> => {
    at(what)
    const result = answers[what]
    if (result === 'fails') return Promise.reject(new Error('no answer'))
    if (result === 'hangs') return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    return Promise.resolve(result)
  }
  const app = new AppLease({
    blobs: { acquire: (_id, _ms, signal) => answer('acquire', signal), renew: (_id, signal) => answer('renew', signal) },
    appName: 'myapp',
    enabled,
    settings: appLeaseDefaults,
    host: { clock, logger: { enabled: () => true, log: (level: LogLevel, message: string, _fields, event) => void log.push(`${event} ${level} ${message}`) } },
    account: 'account',
    taskHub: 'hub',
    acquired: () => at('acquired'),
    lost: () => {
      at('lost')
      return lost()
    },
  })
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  const advance = async (seconds: number): Promise<void> => {
    await settle()
    for (let second = 0; second < seconds; second++) {
      clock.advance('1s')
      await settle()
    }
  }
  return { app, clock, seen, log, answers, advance }
}

test.each([
  ['', '811c9dc5-0000-0000-0000-000000000000'],
  ['myapp', '1312a8a6-0000-0000-0000-000000000000'],
])("the id of app '%s' is that of .NET", (name, id) => {
  expect(appLeaseId(name)).toBe(id)
})

test('a lease that is held is renewed every 25 s; a stop hands over under it', async () => {
  let end: () => void = () => {}
  const { app, seen, advance } = lease({ lost: () => new Promise((resolve) => (end = resolve)) })
  app.start()
  await advance(51)
  expect(seen).toEqual(['0 acquire', '0 acquired', '25 renew', '50 renew'])
  expect(app.held).toBe(true)
  const stopped = app.stop()
  await advance(30)
  expect(seen.slice(4)).toEqual(['51 lost', '75 renew'])
  end()
  await stopped
  expect(app.held).toBe(false)
})

test('a lease of another app is asked for every 300 s, and nothing is owned meanwhile', async () => {
  const { app, seen, log, answers, advance } = lease()
  answers.acquire = false
  app.start()
  await advance(599)
  expect(seen).toEqual(['0 acquire', '300 acquire'])
  expect(log[0]).toBe("209 warn task hub is not held by this app: another app holds it; 'myapp' asks again in 300 s")
  answers.acquire = true
  await advance(1)
  expect(seen.slice(2)).toEqual(['600 acquire', '600 acquired'])
  await app.stop()
  expect(seen.at(-1)).toBe('600 lost')
})

test('a lease that another app took is lost at once, and asked for again', async () => {
  const { app, seen, answers, advance } = lease()
  app.start()
  await advance(30)
  answers.renew = false
  answers.acquire = false
  await advance(30)
  expect(seen).toEqual(['0 acquire', '0 acquired', '25 renew', '50 renew', '50 lost', '50 acquire'])
  expect(app.held).toBe(false)
  await app.stop()
  expect(seen.at(-1)).toBe('50 acquire')
})

test.each(['fails', 'hangs'] as const)('a renewal that %s is lost when the lease is over, not before', async (answer) => {
  const { app, seen, answers, advance } = lease()
  app.start()
  await advance(30)
  answers.renew = answer
  answers.acquire = false
  await advance(54)
  expect(seen.at(-1)).toMatch(/renew$/)
  expect(app.held).toBe(true)
  await advance(2)
  expect(seen.filter((line) => line.endsWith('lost'))).toEqual(['85 lost'])
  await app.stop()
})

test('a renewal that fails once is sent again after 5 s', async () => {
  const { app, seen, answers, advance } = lease()
  app.start()
  await advance(24)
  answers.renew = 'fails'
  await advance(2)
  answers.renew = true
  await advance(34)
  expect(seen.slice(2)).toEqual(['25 renew', '30 renew', '55 renew'])
  await app.stop()
})

test('an attempt that fails is made again soon', async () => {
  const { app, seen, answers, advance } = lease()
  answers.acquire = 'fails'
  app.start()
  await advance(11)
  expect(seen).toEqual(['0 acquire', '5 acquire', '10 acquire'])
  await app.stop()
})

test('switched off, every app serves the hub, without a request', async () => {
  const { app, seen, advance } = lease({ enabled: false })
  app.start()
  expect(() => app.start()).toThrow(expect.objectContaining({ code: 'DTFX_WORKER_STATE' }))
  await advance(100)
  expect(seen).toEqual(['0 acquired'])
  await app.stop()
  expect(seen).toEqual(['0 acquired', '100 lost'])
  app.start()
  await app.stop()
  await app.stop()
  expect(seen.slice(2)).toEqual(['100 acquired', '100 lost'])
})
