/** Replay: the engine alone, from decoded events to actions, payload JSON included. `count` activities, one after the other and all at once. */
import { openReplay as openDurabletaskReplay } from '../against/durabletask-js/replay.js'
import type { Workload } from '../measurement.js'
import { openReplay } from '../ours/replay.js'

export const replay: Workload = {
  name: 'replay',
  summary: 'the engine alone: decoded history → actions',
  counts: 'activities',
  defaultCount: 10_000,
  defaultRuns: 21,
  open: ({ count }) => openReplay(count),
  against: { 'durabletask-js': ({ count }) => openDurabletaskReplay(count) },
}
