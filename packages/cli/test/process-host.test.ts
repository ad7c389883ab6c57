import { expect, test } from 'vitest'
import { processHost } from '../src/process-host.js'

test('an interruption aborts the signal once, and ends the process the second time', async () => {
  const before = new Set(process.listeners('SIGINT'))
  const ours = (): NodeJS.SignalsListener[] => process.listeners('SIGINT').filter((each) => !before.has(each))
  const result = await processHost('1').untilInterrupted(async (signal) => {
    expect(signal.aborted).toBe(false)
    const [listener] = ours()
    listener?.('SIGINT')
    return signal.aborted
  })
  expect(result).toBe(true)
  // Nobody listens any more: the default holds.
  expect(ours()).toEqual([])
})
