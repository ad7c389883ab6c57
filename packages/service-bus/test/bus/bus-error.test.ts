/** What an error of the client means for who asked: nothing was done, nobody knows, the lock is gone, it will never work. */
import { dtfxError } from '@dtfx/core/provider'
import { describe, expect, it } from 'vitest'
import { busError, codeOf, isNoSession, outcomeOf } from '../../src/bus/bus-error.js'

const codes = {
  lost: ['SessionLockLost', 'MessageLockLost', 'MessageNotFound'],
  refused: ['SessionCannotBeLocked', 'ServiceBusy', 'QuotaExceeded', 'MessagingEntityNotFound', 'MessagingEntityDisabled', 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UnauthorizedAccess'],
  invalid: ['MessageSizeExceeded'],
  unknown: ['ServiceTimeout', 'GeneralError', 'ServiceCommunicationProblem', 'OperationTimeoutError', '', undefined],
} as const
const portErrors = { lost: 'DTFX_LOCK_LOST', refused: 'DTFX_TRANSIENT', invalid: 'DTFX_PERMANENT', unknown: 'DTFX_AMBIGUOUS' } as const

describe.each(Object.entries(codes))('%s', (outcome, all) => {
  it.each(all.map((code) => [code]))('%s', (code) => {
    const error = Object.assign(new Error('x'), code === undefined ? {} : { code })
    expect(outcomeOf(error)).toBe(outcome)
    expect(busError('sending', error)).toMatchObject({ code: portErrors[outcome as keyof typeof portErrors], cause: error })
  })
})

it('a connection that was never made is told by its text where it has no code of its own', () => {
  for (const code of [undefined, 'GeneralError']) expect(codeOf({ code, message: 'connect ECONNREFUSED 127.0.0.1:5672' })).toBe('ECONNREFUSED')
  expect(outcomeOf({ code: 'SessionLockLost', message: 'ECONNREFUSED' })).toBe('lost')
  expect(outcomeOf({ message: 'not ECONNREFUSEDLY' })).toBe('unknown')
})

it('what has no form of an error, and the framework\'s own', () => {
  const own = dtfxError('DTFX_CLOSED')
  expect(busError('x', own)).toBe(own)
  expect(busError('x', 'a text')).toMatchObject({ code: 'DTFX_AMBIGUOUS' })
  expect([isNoSession({ code: 'ServiceTimeout' }), isNoSession({ code: 'ServiceBusy' }), isNoSession(undefined)]).toEqual([true, false, false])
})
