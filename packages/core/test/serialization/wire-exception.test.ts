import { describe, expect, it } from 'vitest'
import { failureFromReason } from '../../src/serialization/wire-exception.js'

describe('a failure of .NET without FailureDetails', () => {
  it('has the reason only, when details did not travel', () => {
    expect(failureFromReason('boom', undefined)).toStrictEqual({ errorType: 'Error', errorMessage: 'boom', isNonRetriable: false })
    expect(failureFromReason(undefined, undefined)).toStrictEqual({ errorType: 'Error', errorMessage: '', isNonRetriable: false })
  })

  it('has the chain of the serialised exception', () => {
    const inner = { $type: 'System.IO.IOException, System.Private.CoreLib', ClassName: 'System.IO.IOException', Message: null, InnerException: null, StackTraceString: null }
    const outer = { $type: 'X', ClassName: 'System.InvalidOperationException', Message: 'outer', InnerException: inner, StackTraceString: '   at X()' }
    expect(failureFromReason('outer', JSON.stringify(outer))).toStrictEqual({
      errorType: 'System.InvalidOperationException',
      errorMessage: 'outer',
      stackTrace: '   at X()',
      innerFailure: { errorType: 'System.IO.IOException', errorMessage: '', isNonRetriable: false },
      isNonRetriable: false,
    })
  })

  it.each(['some text', '{not json', '{}', '[]', '{"ClassName":5}', ''])('keeps other details for people to read: %s', (details) => {
    expect(failureFromReason('boom', details)).toStrictEqual({ errorType: 'Error', errorMessage: 'boom', stackTrace: details, isNonRetriable: false })
  })

  it('has an end', () => {
    let exception: unknown = null
    for (let i = 0; i < 100; i++) exception = { ClassName: `E${i}`, Message: '', InnerException: exception }
    let depth = 0
    for (let each = failureFromReason('', JSON.stringify(exception)) as { innerFailure?: unknown } | undefined; each !== undefined; each = each.innerFailure as typeof each) depth++
    expect(depth).toBe(16)
  })
})
