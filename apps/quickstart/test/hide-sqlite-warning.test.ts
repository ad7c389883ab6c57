import { expect, it } from 'vitest'
import { hideSqliteWarning } from '../src/hide-sqlite-warning.js'

it('hides that SQLite is experimental, and nothing else', () => {
  const told: unknown[][] = []
  const target = { emitWarning: (...given: unknown[]) => void told.push(given) }
  hideSqliteWarning(target)
  target.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning')
  target.emitWarning('Something else is an experimental feature', 'ExperimentalWarning')
  target.emitWarning(new Error('SQLite is an experimental feature and might change at any time'))
  expect(told).toEqual([['Something else is an experimental feature', 'ExperimentalWarning']])
})
