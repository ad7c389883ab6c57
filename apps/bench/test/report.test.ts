/** Rows for programs and for people. */
import { describe, expect, it } from 'vitest'
import { jsonLines, table } from '../src/report.js'
import type { Row } from '../src/runner.js'

const row: Row = { workload: 'fan-out', case: 'default', provider: 'memory', metric: 'duration_ms', value: 12.3456, unit: 'ms', runs: [11, 12.3456, 1234.5], node: '24.0.0', cpu: 'CPU × 2' }

describe('jsonLines', () => {
  it('is one object per line', () => {
    const text = jsonLines([row, { ...row, metric: 'ratio', against: 'them' }])
    expect(text.endsWith('}\n')).toBe(true)
    expect(text.trimEnd().split('\n').map((line) => JSON.parse(line))).toEqual([row, { ...row, metric: 'ratio', against: 'them' }])
  })
})

describe('table', () => {
  it('names the machine once and rounds', () => {
    const text = table([row, { ...row, metric: 'ratio', unit: 'times', value: 2, runs: [2], against: 'them' }, { ...row, metric: 'requests_by_operation', operation: 'PutMessage' }])
    expect(text).toContain('fan-out: Node 24.0.0, CPU × 2\n')
    expect(text).toMatch(/│ default │ memory +│ duration_ms +│ +12\.35 ms │ +11 … 1,235 │ +3 │/)
    expect(text).toMatch(/│ default │ memory : them +│ ratio +│ +2 times │/)
    expect(text).toContain('requests_by_operation PutMessage')
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/\u001b/)
  })

  it('of nothing is empty', () => expect(table([])).toBe(''))
})
