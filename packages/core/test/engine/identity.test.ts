import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { childIdentity, nextExecutionId, rewoundExecutionId, tupleId, contentId, type MessageContent } from '../../src/engine/identity.js'
import { replyMessageId } from '../../src/model/message.js'
import { raised } from './history-events.js'

const call = { instanceId: 'order-1', executionId: 'e1', taskId: 3, name: 'Child', input: '{"a":1}' }

const task: MessageContent = { instanceId: 'order-1', executionId: 'e1', eventId: 3, kind: 'TaskScheduled', name: 'Ship', version: '2', tags: { a: 'b' }, payload: '["x"]' }

describe('identity', () => {
  it('message ids under atomic commits are plain tuples', () => {
    expect(tupleId({ instanceId: 'i', executionId: 'e1', eventId: 0, kind: 'TaskScheduled' })).toBe('e1/0')
    expect(tupleId({ instanceId: 'i', executionId: 'e1', eventId: -1, kind: 'TimerFired', turn: 7, ordinal: 2 })).toBe('e1/7.2')
    expect(replyMessageId('e1/0')).toBe('re:e1/0')
  })
  it('wire format v1 of a message: SHA-256 over length-prefixed fields, never to change', () => {
    const fields = '7:order-1' + '2:e1' + '1:0' + '1:3' + '13:TaskScheduled' + '4:Ship' + '1:2' + '-1:' + '11:[["a","b"]]' + '-1:' + '5:["x"]'
    expect(contentId()(task)).toBe(createHash('sha256').update(fields).digest('hex').slice(0, 32))
    const wakeUp = '7:order-1' + '2:e1' + '1:0' + '2:-1' + '10:TimerFired' + '-1:-1:' + '7:order-1' + '-1:-1:-1:' + '1:7' + '4:-100'
    const content: MessageContent = { instanceId: 'order-1', executionId: 'e1', eventId: -1, kind: 'TimerFired', target: 'order-1', turn: 7, ordinal: -100 }
    expect(contentId()(content)).toBe(createHash('sha256').update(wakeUp).digest('hex').slice(0, 32))
  })
  it('of a message is another one as soon as anything of its content is', () => {
    const others: Partial<MessageContent>[] = [
      { instanceId: 'x' }, { executionId: 'x' }, { epoch: 1 }, { eventId: 4 }, { kind: 'EventRaised' }, { name: 'x' }, { version: undefined }, { target: 'x' }, { tags: { a: 'c' } }, { tags: undefined },
      { deliverAt: '2030-01-01T00:00:00Z' }, { payload: '["y"]' }, { payload: undefined },
    ]
    const ids = [task, ...others.map((more) => ({ ...task, ...more }))].map(contentId())
    expect(new Set(ids).size).toBe(ids.length)
    expect(contentId()({ ...task, tags: { ...task.tags } })).toBe(ids[0])
    expect(contentId(Buffer.from('key'))(task)).not.toBe(ids[0])
  })
  it('wire format v1 of a child: SHA-256 over length-prefixed fields, never to change', () => {
    const digest = createHash('sha256').update('7:order-12:e11:35:Child7:{"a":1}').digest('hex').slice(0, 32)
    expect(childIdentity(call)).toEqual({ executionId: digest, instanceId: `e1:3:${digest.slice(0, 8)}` })
    expect(childIdentity({ ...call, input: undefined }).executionId).toBe(createHash('sha256').update('7:order-12:e11:35:Child-1:').digest('hex').slice(0, 32))
  })
  it('is the same for the same call, and another for any other', () => {
    const base = childIdentity(call).executionId
    expect(childIdentity({ ...call }).executionId).toBe(base)
    const others = [{ instanceId: 'x' }, { executionId: 'x' }, { taskId: 4 }, { name: 'X' }, { input: '1' }, { input: '' }, { input: undefined }]
    expect(new Set([base, ...others.map((more) => childIdentity({ ...call, ...more }).executionId)]).size).toBe(others.length + 1)
  })
  it('with a key is another one: of messages, children and generations', () => {
    const key = Buffer.alloc(32, 1)
    const next = { instanceId: 'order-1', executionId: 'e1', input: '1', version: undefined, carryOver: [] }
    const ids = [contentId()(task), contentId(key)(task), childIdentity(call).executionId, childIdentity(call, key).executionId, nextExecutionId(next), nextExecutionId(next, key)]
    expect(new Set(ids).size).toBe(ids.length)
    expect(childIdentity(call, key)).toEqual(childIdentity({ ...call }, Buffer.alloc(32, 1)))
  })
  it('no two lists of fields run together', () => {
    fc.assert(
      fc.property(fc.tuple(fc.string(), fc.string()), fc.tuple(fc.string(), fc.string()), ([a, b], [c, d]) => {
        const same = a === c && b === d
        expect(childIdentity({ ...call, name: a, input: b }).executionId === childIdentity({ ...call, name: c, input: d }).executionId).toBe(same)
      }),
    )
    expect(childIdentity({ ...call, name: 'ab', input: 'c' }).executionId).not.toBe(childIdentity({ ...call, name: 'a', input: 'bc' }).executionId)
  })
  it('of a generation depends on input, version and what is carried over', () => {
    const next = { instanceId: 'order-1', executionId: 'e1', input: '1', version: undefined, carryOver: [] }
    const ids = [next, { ...next, input: '2' }, { ...next, version: '2' }, { ...next, executionId: 'e2' }, { ...next, carryOver: [raised('A', 1)] }, { ...next, carryOver: [raised('A', 2)] }].map((each) => nextExecutionId(each))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true)
    expect(nextExecutionId({ ...next })).toBe(ids[0])
  })
  it('of a rewind differs from rewind to rewind', () => {
    expect(rewoundExecutionId('order-1', 'e1', 10)).toBe(rewoundExecutionId('order-1', 'e1', 10))
    expect(rewoundExecutionId('order-1', 'e1', 10)).not.toBe(rewoundExecutionId('order-1', 'e1', 12))
  })
})
