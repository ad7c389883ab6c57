/** Entry `@dtfx/testing`: what tests of orchestrations need. */
export { VirtualClock, virtualClockStart } from './clock/virtual-clock.js'
export { activitySleep } from './harness/activity-clock.js'
export { replayHistory, type ExportedHistory, type ReplayOptions, type ReplayOutcome } from './harness/replay-history.js'
export { runActivity, type RunActivityOptions } from './harness/run-activity.js'
export { runOrchestration, type OrchestrationRun, type RunOrchestrationOptions, type ScriptedEvent } from './harness/run-orchestration.js'
export type { SentEvent, SubOrchestrationAnswers } from './harness/scripted-execution.js'
export { snapshotHistory } from './harness/snapshot-history.js'
export { stub, type ActivityStub, type StubCall } from './harness/stub.js'
