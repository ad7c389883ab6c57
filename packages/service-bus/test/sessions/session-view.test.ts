/** What a worker knows of the state of a session, with several at work on it: nothing is cleared that a turn has written since, and nothing is read beside a write. */
import { deferred, type InstanceState } from '@dtfx/core/provider'
import { expect, it } from 'vitest'
import type { HeldSession } from '../../src/sessions/held-session.js'
import { nothingStored, type StoredSession } from '../../src/sessions/session-state.js'
import { SessionView } from '../../src/sessions/session-view.js'

const timestamp = '2026-01-01T00:00:00.000Z'
const state: InstanceState = { instanceId: 'a', executionId: 'e', name: 'Flow', status: 'Completed', generation: 0, createdAt: timestamp, lastUpdatedAt: timestamp }

/** A session with a state, whose messages are looked for when `look` says so. */
function viewOf(stored: StoredSession, look: () => Promise<boolean>, writing: Promise<void> = Promise.resolve()): { readonly view: SessionView; readonly stored: () => StoredSession; readonly reads: () => number } {
  let there = stored
  let reads = 0
  const sessions = {
    read: () => (reads++, Promise.resolve(there)),
    write: (_link: unknown, next: StoredSession) => writing.then(() => (there = next)),
    clear: () => Promise.resolve(void (there = nothingStored)),
  }
  const outbox = { loaded: () => {}, written: () => {}, look: () => false, flush: () => Promise.resolve(0) }
  const session = { check: () => {}, sequences: () => [], isLocal: () => false, instanceId: 'a', retained: undefined, link: { hasAny: look }, outbox, host: { parts: { sessions, store: {}, log: {} } } }
  return { view: new SessionView(session as unknown as HeldSession), stored: () => there, reads: () => reads }
}

const over: StoredSession = { ...nothingStored, state, sequence: 3, checkpointId: 'c', inputs: ['7'] }

it('the state of the last commit is cleared when its inputs are gone, and no other one', async () => {
  let isThere = true
  const { view, stored } = viewOf(over, () => Promise.resolve(isThere))
  expect(await view.clearIf(2)).toBe(true)
  expect(await view.clearIf(3)).toBe(false)
  expect(stored()).toEqual(over)
  isThere = false
  expect(await view.clearIf(3)).toBe(true)
  expect(stored()).toEqual(nothingStored)
})

it('a turn that writes while its inputs are looked for keeps what it has written', async () => {
  const looked = deferred<boolean>()
  const { view, stored } = viewOf(over, () => looked.promise)
  const clearing = view.clearIf(3)
  const next = { ...over, sequence: 4, inputs: ['8'] }
  await view.recover()
  await view.write(next)
  looked.resolve(false)
  expect(await clearing).toBe(false)
  expect(stored()).toEqual(next)
  expect(await view.clearIf(3)).toBe(true)
  expect(stored()).toEqual(next)
})

it('who asks for the state beside a write gets what was written, without a look', async () => {
  const written = deferred<void>()
  const { view, reads } = viewOf(over, () => Promise.resolve(false), written.promise)
  await view.recover()
  const next = { ...over, sequence: 4 }
  const writing = view.write(next)
  const beside = view.recover()
  written.resolve()
  await writing
  expect([await beside, reads()]).toEqual([next, 1])
})
