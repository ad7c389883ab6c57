/**
 * Which faults a simulation brings about, how often, and until when. Every probability is per step of a store or per message, unless it says otherwise.
 * For a fifth of the seeds `ambiguous` and `loseLock` and `late` are up to 0.2 instead of their defaults, and `delay` up to 0.3.
 */
import { faultProfile } from './fault-profile.js'

export interface FaultOptions {
  /** The process dies just before, or just after, a write. @default 0.006 */
  readonly crash?: number | undefined
  /** A write fails for a passing reason; it took no effect. @default 0.02 */
  readonly transient?: number | undefined
  /** A write reports that its result is unknown: it took effect, it did not, or it will. @default 0.02 */
  readonly ambiguous?: number | undefined
  /** A write takes up to {@link maxDelayMs}. @default 0.1 */
  readonly delay?: number | undefined
  /** @default 2000 */
  readonly maxDelayMs?: number | undefined
  /** A process stands still for up to twice the time of a lock: others take over what it holds, and it goes on afterwards. @default 0.004 */
  readonly pause?: number | undefined
  /** A lock is taken away before its time. @default 0.005 */
  readonly loseLock?: number | undefined
  /** A message is delivered twice; not under `atomic`. @default 0.03 */
  readonly duplicate?: number | undefined
  /** A message comes late; not under `atomic`. @default 0.05 */
  readonly late?: number | undefined
  /** A message takes a random place among those that wait; under `atomic` only where it was delivered before. @default 0.3 */
  readonly reorder?: number | undefined
  /** Per start of a worker: it is stopped in good order, and starts again or leaves its place to another process. @default 0.3 */
  readonly stop?: number | undefined
  /** Once in the run: the code is changed, and all processes start anew with it. @default 0.5 */
  readonly deploy?: number | undefined
  /** The clocks of the processes differ from the store's by up to this. @default 3000 */
  readonly clockSkewMs?: number | undefined
  /** Virtual time after which no more faults happen, so that everything has to come to its end. @default 120000 */
  readonly untilMs?: number | undefined
}

export type CheckedFaults = { readonly [K in keyof FaultOptions]-?: NonNullable<FaultOptions[K]> }

const defaults: CheckedFaults = {
  crash: 0.006,
  transient: 0.02,
  ambiguous: 0.02,
  delay: 0.1,
  maxDelayMs: 2_000,
  pause: 0.004,
  loseLock: 0.005,
  duplicate: 0.03,
  late: 0.05,
  reorder: 0.3,
  stop: 0.3,
  deploy: 0.5,
  clockSkewMs: 3_000,
  untilMs: 120_000,
}

export const noFaults: CheckedFaults = { ...defaults, crash: 0, transient: 0, ambiguous: 0, delay: 0, pause: 0, loseLock: 0, duplicate: 0, late: 0, reorder: 0, stop: 0, deploy: 0, clockSkewMs: 0 }

/** `false`: none. What is not given is that of the seed. */
export function checkFaults(faults: FaultOptions | false | undefined, seed: number): CheckedFaults {
  if (faults === false) return noFaults
  const given = Object.entries(faults ?? {}).filter(([, value]) => value !== undefined)
  return { ...defaults, ...faultProfile(seed), ...(Object.fromEntries(given) as FaultOptions) } as CheckedFaults
}
