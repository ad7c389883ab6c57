/**
 * All mutants. One is `{ name, file, find, replace, also?, breaks, caughtBy, commit? }`: the text `find`, which `file` holds exactly once, gives way to `replace` (`also`: further such edits);
 * `breaks` says in words what goes wrong, `caughtBy` who is asked first, `commit` the one discipline it is about.
 */
import { engineMutants } from './engine-mutants.mjs'
import { storeMutants } from './store-mutants.mjs'
import { workerMutants } from './worker-mutants.mjs'

export const mutants = [...workerMutants, ...engineMutants, ...storeMutants]
