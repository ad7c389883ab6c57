import { expect, it } from 'vitest'
import { runIdOf } from '../src/run-id.js'

it('is the same for the same folder, another for another, and readable', () => {
  const id = runIdOf({ root: '/work/mine/My Docs (2)', include: ['.'] })
  expect(id).toMatch(/^my-docs-2-[0-9a-f]{8}$/)
  expect(runIdOf({ root: '/work/mine/My Docs (2)', include: ['.'] })).toBe(id)
  expect(runIdOf({ root: '/work/yours/My Docs (2)', include: ['.'] })).not.toBe(id)
  expect(runIdOf({ root: '/work/mine/My Docs (2)', include: ['docs'] })).not.toBe(id)
  expect(runIdOf({ root: '/', include: ['.'] })).toMatch(/^run-[0-9a-f]{8}$/)
  expect(runIdOf({ root: `/${'x'.repeat(300)}`, include: ['.'] }).length).toBeLessThan(60)
})
