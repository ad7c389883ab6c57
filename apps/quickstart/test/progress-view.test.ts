import { expect, it } from 'vitest'
import { lineView } from '../src/progress-view.js'

it('writes a line at every quarter, and nothing after the end', () => {
  const lines: string[] = []
  const view = lineView((line) => lines.push(line))
  for (let done = 0; done <= 8; done++) view.update({ done, files: 8 })
  view.update({ done: 8, files: 8 })
  view.stop()
  view.update({ done: 9, files: 8 })
  expect(lines).toEqual(['Checking 8 files', 'Checked 2/8', 'Checked 4/8', 'Checked 6/8', 'Checked 8/8'])
})

it('is as short when the run is too fast to watch', () => {
  const lines: string[] = []
  lineView((line) => lines.push(line)).update({ done: 1, files: 1 })
  expect(lines).toEqual(['Checked 1/1'])
})
