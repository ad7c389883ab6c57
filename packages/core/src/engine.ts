/** Entry `@dtfx/core/engine`: the replay engine alone, for test kits, benchmarks and hosts that bring a worker of their own. */
export { createEngine, type EngineOptions } from './engine/engine.js'
export type { DeterminismMode } from './engine/determinism.js'
export type { TurnExecutor, TurnKey, TurnRequest, TurnResult, TurnWarning } from './engine/turn-executor.js'
export { Registry } from './authoring/registry.js'
export { validate } from './authoring/schema.js'
export type { CompleteAction, CreateSubOrchestrationAction, CreateTimerAction, OrchestratorAction, PatchMarkerAction, ScheduleTaskAction, SendEventAction } from './model/actions.js'
