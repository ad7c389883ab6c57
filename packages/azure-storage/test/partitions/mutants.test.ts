/** Each rule of the partition manager, broken on purpose, is caught by the model check: a rule that nothing would miss is no rule. */
import { expect, test } from 'vitest'
import { Violation } from './model/invariants.js'
import { mutants } from './model/mutants.js'
import { walk } from './model/random-walk.js'

const maxWalks = 400

test.each(Object.entries(mutants))('a worker that %s', (_, rules) => {
  let caught: unknown
  for (let seed = 1; seed <= maxWalks && caught === undefined; seed++) {
    try {
      walk({ seed, rules })
    } catch (error) {
      caught = error
    }
  }
  expect(caught).toBeInstanceOf(Violation)
})
