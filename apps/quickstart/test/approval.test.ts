import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { approveAtOnce, askOn } from '../src/approval.js'

function terminal(): { input: PassThrough; answer: Promise<boolean | undefined>; abort: AbortController; shown: () => string } {
  const input = new PassThrough()
  const output = new PassThrough()
  const abort = new AbortController()
  const answer = askOn(input, output)('3 broken links', 'Write the report?', abort.signal)
  return { input, answer, abort, shown: () => String(output.read()) }
}

describe('askOn', () => {
  it.each([
    ['y\n', true],
    ['\n', true],
    ['YES\n', true],
    ['n\n', false],
    ['what?\nno\n', false],
  ])('understands %j', async (typed, expected) => {
    const { input, answer, shown } = terminal()
    input.write(typed)
    expect(await answer).toBe(expected)
    expect(shown()).toContain('3 broken links\nWrite the report? [Y/n] ')
  })

  it('has no answer when the input ends', async () => {
    const { input, answer } = terminal()
    input.end()
    expect(await answer).toBeUndefined()
  })

  it('has no answer when the question became pointless', async () => {
    const { answer, abort } = terminal()
    abort.abort()
    expect(await answer).toBeUndefined()
  })
})

it('approves at once where nobody can be asked', async () => {
  expect(await approveAtOnce('', '?', new AbortController().signal)).toBe(true)
})
