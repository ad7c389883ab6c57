/** Loops that ask a queue: only while somebody waits, more of them while they find something at once, and less and less often while the queue refuses. */
import { resolveHost, seededRandom, sleep } from '@dtfx/core/provider'
import { VirtualClock } from '@dtfx/testing'
import { afterEach, expect, it } from 'vitest'
import { FetchLoops, type Fetcher } from '../../src/bus/fetch-loops.js'

const clock = new VirtualClock()
let loops: FetchLoops | undefined
afterEach(() => loops?.stop(new Error('the test is over')))

function start(next: Fetcher['next'], more: { readonly hasDemand?: () => boolean; readonly failed?: (error: unknown) => void; readonly reset?: () => void } = {}): FetchLoops {
  const { hasDemand = () => true, failed = () => {}, reset = () => {} } = more
  return (loops = new FetchLoops({ host: resolveHost({ clock, random: seededRandom(1) }), max: 3, open: () => ({ next, reset: () => Promise.resolve(reset()) }), hasDemand, failed }))
}

async function settled(): Promise<void> {
  for (let tick = 0; tick < 50; tick++) await Promise.resolve()
}

/** Step by step: whoever waits again is waited for as well. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10)
    await settled()
  }
}

it('a queue that refuses is asked less and less often, at last every ten seconds or so; once it answers, the pauses begin anew', async () => {
  let [asked, isBusy] = [0, true]
  const failures: unknown[] = []
  const ended: number[] = []
  start(
    (signal) => {
      asked++
      if (isBusy) return Promise.reject(new Error('busy'))
      return sleep(clock, 1_000, signal).then(() => undefined)
    },
    { failed: (error) => failures.push(error), reset: () => ended.push(asked) },
  )
  await pass(1_000)
  expect(asked).toBeGreaterThanOrEqual(3)
  expect(asked).toBeLessThanOrEqual(6)
  await pass(60_000)
  expect(asked).toBeGreaterThanOrEqual(9)
  expect(asked).toBeLessThanOrEqual(22)
  expect(failures).toHaveLength(asked)
  expect(ended).toHaveLength(asked)
  isBusy = false
  await pass(20_000)
  const before = asked
  isBusy = true
  await pass(3_000)
  expect(asked - before).toBeGreaterThanOrEqual(3)
})

it('nothing is fetched while nobody waits', async () => {
  let [asked, isWanted] = [0, false]
  const started = start((signal) => (asked++, sleep(clock, 60_000, signal).then(() => undefined)), { hasDemand: () => isWanted })
  started.wake()
  await pass(1_000)
  expect(asked).toBe(0)
  isWanted = true
  started.wake()
  await settled()
  expect(asked).toBe(1)
})

it('as many loops as allowed while something is found at once, one when it is not', async () => {
  let [open, most, waitMs] = [0, 0, 0]
  start(async (signal) => {
    most = Math.max(most, ++open)
    await sleep(clock, waitMs, signal)
    open--
    return () => Promise.resolve()
  })
  await pass(200)
  expect(most).toBe(3)
  waitMs = 1_000
  await pass(5_000)
  most = 0
  await pass(5_000)
  expect(most).toBe(1)
})

it('after the end no loop asks any more, also one that was in a pause', async () => {
  let asked = 0
  const started = start(() => (asked++, Promise.reject(new Error('busy'))))
  await pass(500)
  await started.stop(new Error('the worker stops'))
  const before = asked
  await pass(60_000)
  expect(asked).toBe(before)
})
