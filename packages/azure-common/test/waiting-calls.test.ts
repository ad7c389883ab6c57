import { describe, expect, it } from 'vitest'
import { WaitingCalls } from '../src/waiting-calls.js'

describe('waiting calls', () => {
  it('are taken in the order of their arrival, by name where they take only some', async () => {
    const calls = new WaitingCalls<string>()
    const { signal } = new AbortController()
    const results = [calls.add(signal, ['A']), calls.add(signal), calls.add(signal, ['B'])]
    calls.take('B')?.resolve('first for B')
    calls.take('B')?.resolve('second')
    expect(calls.take('C')).toBeUndefined()
    calls.take()?.resolve('third')
    expect(await Promise.all(results)).toEqual(['third', 'first for B', 'second'])
    expect(calls.length).toBe(0)
  })

  it('reject when their signal aborts, others stay', async () => {
    const calls = new WaitingCalls<string>()
    const abort = new AbortController()
    const gone = calls.add(abort.signal)
    const stays = calls.add(new AbortController().signal)
    abort.abort(new Error('over'))
    await expect(gone).rejects.toThrow('over')
    await expect(calls.add(abort.signal)).rejects.toThrow('over')
    calls.take()?.resolve('x')
    expect(await stays).toBe('x')
  })

  it('that are given back wait on in front, unless they are over meanwhile', async () => {
    const calls = new WaitingCalls<string>()
    const abort = new AbortController()
    const first = calls.add(abort.signal)
    const second = calls.add(new AbortController().signal)
    const taken = calls.take()
    if (taken !== undefined) calls.giveBack(taken)
    const again = calls.take()
    abort.abort(new Error('over'))
    if (again !== undefined) calls.giveBack(again)
    await expect(first).rejects.toThrow('over')
    const last = calls.take()
    calls.close(new Error('closed'))
    if (last !== undefined) calls.giveBack(last)
    await expect(second).rejects.toThrow('closed')
    await expect(calls.add(new AbortController().signal)).rejects.toThrow('closed')
  })
})
