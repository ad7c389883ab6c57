/**
 * The parts of @microsoft/durabletask-js that the comparison runs: public exports where there are some, its files where there are not (executor, registry, protobuf helpers).
 * Its console logger is muted for the whole process: it prints one line per turn and activity.
 */
import { createRequire } from 'node:module'
import type * as Public from '@microsoft/durabletask-js'
import type { OrchestrationExecutor } from '@microsoft/durabletask-js/dist/worker/orchestration-executor.js'
import type { Registry } from '@microsoft/durabletask-js/dist/worker/registry.js'
import type * as Events from '@microsoft/durabletask-js/dist/utils/pb-helper.util.js'

const load = createRequire(import.meta.url)
const root = '@microsoft/durabletask-js'

export const durabletask = load(root) as typeof Public
export const events = load(`${root}/dist/utils/pb-helper.util.js`) as typeof Events
export const executorClass = (load(`${root}/dist/worker/orchestration-executor.js`) as { OrchestrationExecutor: typeof OrchestrationExecutor }).OrchestrationExecutor
export const registryClass = (load(`${root}/dist/worker/registry.js`) as { Registry: typeof Registry }).Registry

const silent = (): void => {}
Object.assign(durabletask.ConsoleLogger.prototype, { error: silent, warn: silent, info: silent, debug: silent, logEvent: silent })
