import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration } from '@dtfx/core'
import { runOrchestration, snapshotHistory, stub } from '@dtfx/testing'
import type { HistoryEvent } from '@dtfx/core/provider'
import { durationText } from '../../src/harness/snapshot-history.js'

const hello = defineActivity('Hello', async (_ctx, name: string) => `Hello ${name}!`)
const at = '2024-05-06T07:08:09.1234567Z'
const base = { eventId: -1, timestamp: at }

describe('snapshotHistory', () => {
  it('shows a run as lines that do not change from run to run', async () => {
    const flow = defineOrchestration('Flow', async (ctx, name: string) => {
      await ctx.createTimer('90m')
      return ctx.callActivity(stubbed, name, { retry: { maxAttempts: 2, firstDelay: '5s' } })
    })
    const stubbed = stub(hello).failsTimes(1, new TypeError('bad\nday')).returns('hi')
    const { history } = await runOrchestration(flow, { input: 'you', activities: [stubbed], tags: { team: 'x', a: 'b' } })
    expect(snapshotHistory(history)).toMatchInlineSnapshot(`
      "OrchestratorStarted
      ExecutionStarted Flow input="you" tags=a:b,team:x
      TimerCreated #0 due in 90m
      OrchestratorCompleted
      OrchestratorStarted
      TimerFired #0
      TaskScheduled #1 Hello
      OrchestratorCompleted
      OrchestratorStarted
      TaskFailed #1 TypeError: bad\\nday
      TimerCreated #2 due in 5s
      OrchestratorCompleted
      OrchestratorStarted
      TimerFired #2
      TaskScheduled #3 Hello
      OrchestratorCompleted
      OrchestratorStarted
      TaskCompleted #3 result="hi"
      ExecutionCompleted Completed result="hi"
      OrchestratorCompleted"
    `)
  })

  it('names ids in the order of their appearance and hides times', () => {
    const id = '0123456789abcdef0123456789abcdef'
    const events: HistoryEvent[] = [
      { type: 'ExecutionStarted', ...base, instance: { instanceId: 'i', executionId: id }, name: 'F', version: '2', parent: { name: 'P', instance: { instanceId: id }, taskScheduleId: 1 } },
      { type: 'SubOrchestrationInstanceCreated', ...base, eventId: 1, name: 'Child', instanceId: `${id}:1:89abcdef`, input: `{"a":"${id}","b":"C56A4180-65AA-42EC-A945-5FD21DEC0538","at":"${at}"}` },
      { type: 'SubOrchestrationInstanceFailed', ...base, taskScheduledId: 1, failure: { errorType: 'E', errorMessage: 'm', isNonRetriable: true, innerFailure: { errorType: 'I', errorMessage: 'n', isNonRetriable: false } } },
      { type: 'SubOrchestrationInstanceCompleted', ...base, taskScheduledId: 1 },
      { type: 'TaskFailed', ...base, taskScheduledId: 2, reason: 'old' },
      { type: 'EventSent', ...base, eventId: 3, instanceId: 'to', name: 'E', input: '1' },
      { type: 'EventRaised', ...base, name: 'E' },
      { type: 'ExecutionSuspended', ...base, reason: 'lunch' },
      { type: 'ExecutionResumed', ...base },
      { type: 'ExecutionRewound', ...base, reason: 'again' },
      { type: 'GenericEvent', ...base, data: 'dtfx:patch:x' },
      { type: 'HistoryState', ...base },
      { type: 'ExecutionTerminated', ...base, input: 'why', recursive: true },
      { type: 'ContinueAsNew', ...base, eventId: 4, status: 'ContinuedAsNew', result: '1' },
      { type: 'TimerCreated', ...base, eventId: 5, fireAt: at },
    ]
    expect(snapshotHistory(events)).toMatchInlineSnapshot(`
      "ExecutionStarted F v2 parent=<id1>
      SubOrchestrationInstanceCreated #1 Child instance=<id2> input={"a":"<id1>","b":"<id3>","at":"<time>"}
      SubOrchestrationInstanceFailed #1 E: m (non-retriable) ← I: n
      SubOrchestrationInstanceCompleted #1
      TaskFailed #2 reason=old
      EventSent #3 E to=to input=1
      EventRaised E
      ExecutionSuspended reason=lunch
      ExecutionResumed
      ExecutionRewound reason=again
      GenericEvent data=dtfx:patch:x
      HistoryState
      ExecutionTerminated reason=why recursive
      ContinueAsNew ContinuedAsNew result=1
      TimerCreated #5 due in 0ms"
    `)
  })

  it.each([[0, '0ms'], [1_500, '1500ms'], [60_000, '1m'], [90_000, '90s'], [172_800_000, '2d']])('writes %i ms as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })
})
