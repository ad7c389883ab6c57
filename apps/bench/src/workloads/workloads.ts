/** All workloads, in the order in which they are listed. */
import type { Workload } from '../measurement.js'
import { eventLoopGap } from './event-loop-gap.js'
import { fanOut } from './fan-out.js'
import { growth } from './growth.js'
import { helloSequence5 } from './hello-sequence-5.js'
import { idle } from './idle.js'
import { latency } from './latency.js'
import { latencyProcesses } from './latency-processes.js'
import { longHistory } from './long-history.js'
import { memory } from './memory.js'
import { replay } from './replay.js'
import { requests } from './requests.js'

export const workloads: readonly Workload[] = [replay, helloSequence5, fanOut, latency, latencyProcesses, longHistory, growth, idle, requests, memory, eventLoopGap]
