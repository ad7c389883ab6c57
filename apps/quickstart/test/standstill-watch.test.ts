import { expect, it } from 'vitest'
import { StandstillWatch } from '../src/standstill-watch.js'

it('speaks once per standstill, and gives up in time', () => {
  let nowMs = 0
  const said: number[] = []
  const watch = new StandstillWatch({ text: 'x', giveUpAfterMs: 5_000, say: () => void said.push(nowMs), nowMs: () => nowMs })
  const at = (ms: number): boolean => {
    nowMs = ms
    return watch.isTooLong()
  }
  expect([at(1_999), at(2_000), at(3_000)]).toEqual([false, false, false])
  expect(said).toEqual([2_000])
  watch.moved()
  expect([at(4_000), at(5_000), at(7_999), at(8_000)]).toEqual([false, false, false, true])
  expect(said).toEqual([2_000, 5_000])
})

it('is silent where nothing is to be said, and waits for ever without a limit', () => {
  let nowMs = 0
  const silent = new StandstillWatch({ say: () => expect.unreachable(), nowMs: () => nowMs })
  const patient = new StandstillWatch({ text: 'x', say: () => {}, nowMs: () => nowMs })
  nowMs = 1e9
  expect([silent.isTooLong(), patient.isTooLong()]).toEqual([false, false])
})
