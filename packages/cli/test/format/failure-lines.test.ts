import { expect, test } from 'vitest'
import type { FailureDetails } from '@dtfx/core'
import { causeText, failureLines } from '../../src/format/failure-lines.js'
import { paintFor } from '../../src/format/paint.js'

const lines = (failure: FailureDetails, full = false): string[] => failureLines(failure, paintFor(false), full)
const failure = (errorType: string, errorMessage: string, more: Partial<FailureDetails> = {}): FailureDetails => ({ errorType, errorMessage, isNonRetriable: false, ...more })

const declined = failure('TaskFailedError', "Activity 'Charge' (#0) failed: card declined", {
  stackTrace: 'at flow (a.ts:1:1)',
  innerFailure: failure('CardError', 'card declined', { innerFailure: failure('TypeError', 'no such\naccount', { stackTrace: 'at a\nat b\nat c\nat d\nat e', properties: { code: 'E_ACCOUNT' } }) }),
})

test('the cause comes first, then where it passed', () => {
  expect(lines(declined)).toEqual([
    'TypeError: no such',
    'account [E_ACCOUNT]',
    '  at a',
    '  at b',
    '  at c',
    '  … 2 more frames; --full shows all',
    'in CardError: card declined',
    "in TaskFailedError: Activity 'Charge' (#0) failed: card declined",
  ])
  expect(causeText(declined)).toBe('TypeError: no such account [E_ACCOUNT]')
})

test('in full with all stacks', () => {
  expect(lines(declined, true).filter((line) => line.startsWith('  at'))).toEqual(['  at a', '  at b', '  at c', '  at d', '  at e', '  at flow (a.ts:1:1)'])
})

test('what an AggregateError holds is under it', () => {
  expect(lines(failure('AggregateError', 'both failed', { properties: { errors: [failure('Error', 'one'), 'no failure', failure('Error', 'two')] } }))).toEqual(['AggregateError: both failed', '  Error: one', '  Error: two'])
})

test('a failure that holds itself ends', () => {
  const endless = { ...failure('Error', 'again') } as { innerFailure?: FailureDetails } & FailureDetails
  endless.innerFailure = endless
  expect(lines(endless)).toHaveLength(32)
})

test('nothing of a failure reaches the terminal raw', () => expect(lines(failure('Error', '\u001b[2J')).join('')).not.toContain('\u001b'))
