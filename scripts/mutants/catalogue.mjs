/**
 * All mutants. One is `{ name, file, find, replace, also?, breaks, caughtBy, commit?, seeds?, simulation? }`: the text `find`, which `file` holds exactly once, gives way to `replace` (`also`: further such edits);
 * `breaks` says in words what goes wrong, `caughtBy` who is asked first, `commit` the one discipline it is about,
 * `seeds` how many of them it may take where the fault needs a rare coincidence,
 * `simulation` other options of the simulation.
 */
import { engineMutants } from './engine-mutants.mjs'
import { localMutants } from './local-mutants.mjs'
import { storeMutants } from './store-mutants.mjs'
import { workerMutants } from './worker-mutants.mjs'

export const mutants = [...workerMutants, ...engineMutants, ...storeMutants, ...localMutants]
