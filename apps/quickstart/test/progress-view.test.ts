import { expect, it } from 'vitest'
import { lineView } from '../src/progress-view.js'

it('writes a line at every quarter, and the end once', () => {
  const lines: string[] = []
  const view = lineView((line) => lines.push(line))
  view.update({ phase: 'listing', done: 0, files: 0 })
  for (let done = 0; done <= 8; done++) view.update({ phase: 'checking', done, files: 8 })
  view.update({ phase: 'approval', done: 8, files: 8 })
  view.update({ phase: 'writing', done: 8, files: 8 })
  view.stop()
  expect(lines).toEqual(['Checking 8 files', 'Checked 2/8', 'Checked 4/8', 'Checked 6/8', 'Checked 8/8'])
})

it('is as short when the run is too fast to watch', () => {
  const lines: string[] = []
  const view = lineView((line) => lines.push(line))
  view.update({ phase: 'approval', done: 0, files: 1 })
  expect(lines).toEqual(['Checked 1/1'])
})
