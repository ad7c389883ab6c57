import { describe, expect, it } from 'vitest'
import { defineOrchestration } from '../../src/authoring/definitions.js'
import { TaskHubClient } from '../../src/client/task-hub-client.js'
import { TransientError } from '../../src/errors/provider-errors.js'
import { OrchestrationFailedError, OrchestrationTerminatedError, WaitTimeoutError } from '../../src/errors/user-errors.js'
import type { ClientPort } from '../../src/provider/client-port.js'
import { completedState, FakeService, runningState, settle } from './fake-service.js'

const flow = defineOrchestration('Flow', async (_ctx, n: number) => n + 1)
const setUp = () => {
  const service = new FakeService()
  return { service, client: new TaskHubClient(service, { autoCreate: false }) }
}

/** Gives the fake a `watch` that the test answers. */
function watched(service: FakeService) {
  const pending = new Set<{ resolve: (value: boolean) => void; reject: (error: Error) => void }>()
  ;(service.client as { watch?: ClientPort['watch'] }).watch = (_id, signal) =>
    new Promise((resolve, reject) => {
      service.calls.push('watch')
      const entry = { resolve, reject }
      pending.add(entry)
      signal.addEventListener('abort', () => (pending.delete(entry), resolve(false)), { once: true })
    })
  return {
    pending,
    change: () => pending.forEach((each) => (pending.delete(each), each.resolve(true))),
    fail: (error: Error) => pending.forEach((each) => (pending.delete(each), each.reject(error))),
  }
}

describe('result', () => {
  it.each([0, '', false, null, [], { a: 1 }])('of a completed one is %j', async (value) => {
    const { service, client } = setUp()
    service.states.set('i', completedState('i', value))
    expect(await client.get(flow, 'i').result()).toEqual(value)
  })

  it('is undefined without an output', async () => {
    const { service, client } = setUp()
    service.states.set('i', completedState('i', undefined))
    expect(await client.get('i').result()).toBeUndefined()
  })

  it('of a failed one is an error with the failure and the chain of causes', async () => {
    const { service, client } = setUp()
    const failure = { errorType: 'TypeError', errorMessage: 'bad', isNonRetriable: false, innerFailure: { errorType: 'Error', errorMessage: 'inner', isNonRetriable: false } }
    service.states.set('i', runningState('i', { status: 'Failed', failure }))
    const error = await client.get(flow, 'i').result().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OrchestrationFailedError)
    expect(error).toMatchObject({ code: 'DTFX_ORCHESTRATION_FAILED', instanceId: 'i', failure, message: "Orchestration 'Flow' (i) failed: bad", cause: { name: 'TypeError', cause: { message: 'inner' } } })
  })

  it('of a failed one without details tells what is stored', async () => {
    const { service, client } = setUp()
    service.states.set('i', runningState('i', { status: 'Failed', output: 'System.Exception: boom' }))
    await expect(client.result('i')).rejects.toMatchObject({ failure: { errorMessage: 'System.Exception: boom' } })
  })

  it.each([
    ['enough', 'was terminated: enough'],
    [undefined, 'was terminated: no reason given'],
  ])('of a terminated one is an error with the reason %s', async (reason, text) => {
    const { service, client } = setUp()
    service.states.set('i', runningState('i', { status: 'Terminated', output: reason }))
    const error = await client.result('i').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OrchestrationTerminatedError)
    expect(error).toMatchObject({ reason, message: expect.stringContaining(text) as string })
  })

  it('of an unknown one is an error at once', async () => {
    const { client } = setUp()
    await expect(client.result('nowhere')).rejects.toMatchObject({ code: 'DTFX_INSTANCE_NOT_FOUND', details: { instanceId: 'nowhere' } })
  })

  it('that cannot be read is an error', async () => {
    const { service, client } = setUp()
    service.states.set('i', completedState('i', 1, { output: '{' }))
    await expect(client.result('i')).rejects.toMatchObject({ code: 'DTFX_PAYLOAD_UNREADABLE' })
  })

  it('ends when the instance is purged meanwhile', async () => {
    const { service, client } = setUp()
    service.states.set('i', runningState('i'))
    const result = client.result('i')
    result.catch(() => {})
    await service.clock.step()
    service.states.delete('i')
    while (await service.clock.step());
    await expect(result).rejects.toMatchObject({ code: 'DTFX_INSTANCE_NOT_FOUND' })
  })
})

describe('waiting without watch', () => {
  it('polls with growing pauses, and reads payloads once', async () => {
    const { service, client } = setUp()
    service.states.set('i', runningState('i'))
    const result = client.result('i')
    const times: number[] = []
    for (let i = 0; i < 12; i++) {
      const before = service.clock.ms
      await service.clock.step()
      times.push(service.clock.ms - before)
    }
    service.states.set('i', completedState('i', 'done'))
    while (await service.clock.step());
    expect(await result).toBe('done')
    expect(Math.max(...times)).toBeLessThanOrEqual(3000)
    expect(times[0]).toBeLessThan(200)
    expect(times.at(-1)).toBeGreaterThan(2000)
    expect(service.calls.filter((each) => each === 'getState+').length).toBe(1)
  })

  it('ends with the timeout, not before', async () => {
    const { service, client } = setUp()
    service.states.set('i', runningState('i'))
    const beganMs = service.clock.ms
    const result = client.result('i', { timeout: '1m' })
    const outcome = result.catch((thrown: unknown) => thrown)
    while (await service.clock.step());
    expect(await outcome).toBeInstanceOf(WaitTimeoutError)
    expect(await outcome).toMatchObject({ instanceId: 'i', timeoutMs: 60_000, message: "Orchestration 'i' was still Running after 60000 ms." })
    expect(service.clock.ms - beganMs).toBe(60_000)
    expect(service.clock.timers.size).toBe(0)
  })

  it('with a timeout of 0 looks once', async () => {
    const { service, client } = setUp()
    service.states.set('i', completedState('i', 1))
    expect(await client.result('i', { timeout: 0 })).toBe(1)
    service.states.set('i', runningState('i'))
    const result = client.result('i', { timeout: 0 })
    result.catch(() => {})
    while (await service.clock.step());
    await expect(result).rejects.toBeInstanceOf(WaitTimeoutError)
  })

  it('ends with the reason of the signal, and leaves nothing behind', async () => {
    const { service, client } = setUp()
    service.states.set('i', runningState('i'))
    const abort = new AbortController()
    const result = client.result('i', { signal: abort.signal, timeout: '1h' })
    result.catch(() => {})
    await settle()
    abort.abort(new Error('never mind'))
    await expect(result).rejects.toThrow('never mind')
    expect(service.clock.timers.size).toBe(0)
    await expect(client.result('i', { signal: abort.signal })).rejects.toThrow('never mind')
  })

  it('refuses a timeout that is none', async () => {
    await expect(setUp().client.result('i', { timeout: '5 min' as '5m' })).rejects.toMatchObject({ code: 'DTFX_INVALID_DURATION' })
    await expect(setUp().client.result('')).rejects.toMatchObject({ code: 'DTFX_INVALID_INSTANCE_ID' })
  })
})

describe('waiting with watch', () => {
  it('watches before it reads, and reads once per change', async () => {
    const { service, client } = setUp()
    const watch = watched(service)
    service.states.set('i', runningState('i'))
    const result = client.result('i')
    await settle()
    watch.change()
    await settle()
    service.states.set('i', completedState('i', 5))
    watch.change()
    expect(await result).toBe(5)
    expect(service.calls).toEqual(['watch', 'getState+', 'watch', 'getState+', 'watch', 'getState+'])
    expect(watch.pending.size).toBe(0)
    expect(service.clock.timers.size).toBe(0)
  })

  it('sees a change between watch and read', async () => {
    const { service, client } = setUp()
    const watch = watched(service)
    service.states.set('i', runningState('i'))
    const read = service.client.getState.bind(service.client)
    let isFirst = true
    ;(service.client as { getState: ClientPort['getState'] }).getState = async (...args) => {
      const state = await read(...args)
      if (isFirst) {
        isFirst = false
        service.states.set('i', completedState('i', 7))
        watch.change()
      }
      return state
    }
    expect(await client.result('i')).toBe(7)
  })

  it('pauses when watching fails for a passing reason, and passes any other on', async () => {
    const { service, client } = setUp()
    const watch = watched(service)
    service.states.set('i', runningState('i'))
    const result = client.result('i')
    await settle()
    watch.fail(new TransientError('watch', 'connection lost'))
    expect(await service.clock.step()).toBe(true)
    watch.fail(new Error('odd'))
    await expect(result).rejects.toThrow('odd')
  })

  it('ends with the timeout', async () => {
    const { service, client } = setUp()
    const watch = watched(service)
    service.states.set('i', runningState('i', { status: 'Suspended' }))
    const result = client.result('i', { timeout: '5s' })
    result.catch(() => {})
    while (await service.clock.step());
    await expect(result).rejects.toThrow("Orchestration 'i' was still Suspended after 5000 ms.")
    expect(watch.pending.size).toBe(0)
  })
})

describe('handles that know of an old outcome', () => {
  it('wait for the new one after rewind', async () => {
    const { service, client } = setUp()
    ;(service.capabilities as { rewind: boolean }).rewind = true
    const failed = runningState('i', { status: 'Failed', completedAt: '2030-01-01T00:00:01.000Z', failure: { errorType: 'E', errorMessage: 'old', isNonRetriable: false } })
    service.states.set('i', failed)
    const handle = client.get(flow, 'i')
    await handle.rewind('again')
    expect(service.sentEvents).toMatchObject([{ type: 'ExecutionRewound', reason: 'again', eventId: -1 }])
    const result = handle.result()
    await service.clock.step()
    service.states.set('i', completedState('i', 2, { executionId: 'e2' }))
    while (await service.clock.step());
    expect(await result).toBe(2)
    // Another failure of the same execution is a new outcome: some stores keep the id over a rewind.
    service.states.set('i', { ...failed, completedAt: '2030-01-01T00:00:09.000Z' })
    await expect(handle.result()).rejects.toMatchObject({ code: 'DTFX_ORCHESTRATION_FAILED' })
  })

  it('wait for the new one after restart', async () => {
    const { service, client } = setUp()
    service.states.set('i', completedState('i', 'old', { input: '41', tags: { a: 'b' }, version: '3', generation: 4 }))
    service.creates.push({ outcome: 'replaced' })
    const handle = await client.get(flow, 'i').restart()
    expect(service.created[0]).toMatchObject({ reuse: 'replaceFinished', start: { message: { event: { name: 'Flow', input: '41', tags: { a: 'b' }, version: '3', generation: 5, instance: { instanceId: 'i' } } } } })
    const result = handle.result()
    await service.clock.step()
    service.states.set('i', completedState('i', 'new', { executionId: handle.executionId as string }))
    while (await service.clock.step());
    expect(await result).toBe('new')
  })
})
