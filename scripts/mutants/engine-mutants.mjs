/** Deliberate faults in the engine, as far as they are about time, life cycle and continue-as-new; replay has tests of its own. */
const engine = (name) => `packages/core/src/engine/${name}.ts`

export const engineMutants = [
  {
    name: 'a timer is forgotten on its split',
    file: engine('timers'),
    find: 'schedule(x, id, nextHop(x, firedAt, deadline))',
    replace: '',
    breaks: 'a timer that is longer than one hop never fires',
    caughtBy: 'conformance',
  },
  {
    name: 'a hop ends its timer',
    file: engine('apply-event'),
    find: "compareTicks(event.fireAt, task.deadline) < 0 && x.definition.timerHopMs !== 'none'",
    replace: "compareTicks(event.fireAt, task.deadline) < 0 && x.definition.timerHopMs === 'none'",
    breaks: 'a long timer ends after its first hop',
    caughtBy: 'conformance',
  },
  {
    name: 'a suspended instance acts',
    file: engine('collect-result'),
    find: 'const actions = x.suspension === undefined ? takePending(x) : takeMarkers(x)',
    replace: 'const actions = takePending(x)',
    also: [{ file: engine('apply-event'), find: "if (x.suspension !== undefined && event.type !== 'ExecutionResumed' && event.type !== 'ExecutionTerminated') {", replace: 'const acts: boolean = true\n  if (x.suspension !== undefined && !acts) {' }],
    breaks: 'events and results move an instance that is suspended',
    caughtBy: 'conformance',
  },
  {
    name: 'a terminated instance is revived by a pending continue-as-new',
    file: engine('apply-event'),
    find: "return outcome.kind === 'threw' || x.continuation === undefined",
    replace: 'return true',
    breaks: 'the next generation of an instance that was terminated in the turn of its continue-as-new runs',
    caughtBy: 'conformance',
  },
  {
    name: 'events that nobody awaits are dropped',
    file: engine('external-events'),
    find: 'this.#buffer.push(event)',
    replace: '',
    breaks: 'an event that comes before the code waits for it is lost',
    caughtBy: 'simulation',
  },
]
