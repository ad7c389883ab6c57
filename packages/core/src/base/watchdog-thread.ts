/**
 * What the watchdog's thread does: notices that the watched thread's event loop stands still, finds out who holds it, says so, and ends the process when a turn holds it too long.
 *
 * Invariants:
 * 1. The class is sent to the thread as text: it refers to nothing outside itself, and uses no private names or initial values of fields, which older targets turn into helpers.
 * 2. Standstill is counted in steps of this thread's own time, of a second at most: a machine that slept, or a process that was stopped, has not stood still.
 * 3. The process is ended for orchestration turns only, never because of an activity or of other code.
 */
import type * as fileSystem from 'node:fs'
import type * as threads from 'node:worker_threads'
import { InspectorLook, type Seen } from './inspector-look.js'

export interface WatchdogPlan {
  readonly memory: SharedArrayBuffer
  readonly layout: {
    readonly cells: { readonly beats: number; readonly phase: number; readonly idLength: number; readonly nameLength: number; readonly isOff: number }
    readonly phases: { readonly none: number; readonly applying: number }
    readonly textOffsetBytes: number
    readonly nameOffset: number
  }
  readonly slot: string
  readonly exitCode: number
  /** False: the watched thread is a worker thread, which no inspector of another thread reaches. */
  readonly isMainThread: boolean
}

export interface WatchdogPace {
  readonly tickMs: number
  readonly warnAfterMs: number
  readonly maxTurnMs: number
}

/** Sent when the watched thread is alive again. */
export interface BlockReport {
  readonly blockedMs: number
  readonly text: string
  readonly instanceId: string | undefined
  readonly name: string | undefined
  readonly stack: string | undefined
}

/** What the report is made from: the note, and what the inspector saw. */
interface Finding {
  readonly instanceId: string | undefined
  readonly name: string | undefined
  readonly stack: string | undefined
}

export class WatchdogThread {
  declare private readonly cells: Int32Array
  declare private pace: WatchdogPace
  declare private timer: NodeJS.Timeout | undefined
  declare private look: InspectorLook | undefined
  declare private seen: Finding | undefined
  declare private lastBeats: number
  declare private lastTickMs: number
  declare private stalledMs: number
  /** Steps taken in this standstill: 1 looked, 2 printed, 3 judged. */
  declare private stage: number

  constructor(
    private readonly load: (module: string) => unknown,
    private readonly plan: WatchdogPlan,
    private readonly Look: typeof InspectorLook,
  ) {
    this.cells = new Int32Array(plan.memory, 0, plan.layout.textOffsetBytes / 4)
    this.lastBeats = -1
    this.stalledMs = 0
    this.stage = 0
  }

  run(): void {
    const { parentPort } = this.load('node:worker_threads') as typeof threads
    parentPort?.on('message', (pace: WatchdogPace) => {
      this.pace = pace
      this.lastTickMs = performance.now()
      clearInterval(this.timer)
      this.timer = setInterval(() => this.tick((report) => parentPort.postMessage(report)), pace.tickMs)
    })
  }

  private tick(report: (report: BlockReport) => void): void {
    const { pace, plan } = this
    const nowMs = performance.now()
    const stepMs = Math.min(nowMs - this.lastTickMs, 1_000)
    this.lastTickMs = nowMs
    const beats = Atomics.load(this.cells, plan.layout.cells.beats)
    if (beats !== this.lastBeats || Atomics.load(this.cells, plan.layout.cells.isOff) === 1) {
      if (this.stage > 0) this.recovered(report)
      this.lastBeats = beats
      this.stalledMs = 0
      return
    }
    this.stalledMs += stepMs
    if (this.stalledMs >= pace.maxTurnMs && this.stage < 3) this.judge()
    else if (this.stalledMs >= pace.warnAfterMs && this.stage === 0) this.inquire()
    else if (this.stalledMs >= 5 * pace.warnAfterMs && this.stage === 1) {
      this.stage = 2
      this.print(`${this.text(this.seen)}; it goes on`)
    }
  }

  /** First stage: who is it? The answer is used once the thread is alive again. */
  private inquire(): void {
    this.stage = 1
    this.seen = this.noted()
    this.glance((seen) => {
      this.seen = seen
      this.letGo()
    })
  }

  /** Last stage: it has been too long. The thread is held until it is clear whether a turn is to blame; one that no inspector can reach any more is ended by a signal. */
  private judge(): void {
    this.stage = 3
    const { exitCode } = this.plan
    const exits = `exits with code ${exitCode}`
    const decide = (finding: Finding, how: string, end: () => void): void => {
      if (finding.instanceId === undefined) return this.letGo(`${this.text(finding)}; it goes on, for it is no orchestration turn`)
      this.print(`${this.text(finding)}. That is more than maxTurnMs (${this.pace.maxTurnMs}): the process ${how}; its locks end, and other workers take over`)
      end()
    }
    const kill = (): void => void process.kill(process.pid, 'SIGKILL')
    const exit = (): void => {
      setTimeout(kill, 5_000)
      this.look?.exit(exitCode)
    }
    this.letGo()
    const judged = setTimeout(() => {
      if (!this.isStuck()) return
      const finding = this.seen?.stack === undefined ? this.noted() : this.seen
      if (this.plan.isMainThread) decide(finding, 'is killed, since it does not answer', kill)
      else decide(finding, exits, exit)
    }, this.plan.isMainThread ? 5_000 : 0)
    this.glance((seen) => {
      clearTimeout(judged)
      decide((this.seen = seen), exits, exit)
    })
  }

  /** A look, if one is possible. */
  private glance(found: (finding: Finding) => void): void {
    const { lastBeats, plan } = this
    this.look = new this.Look(this.load, plan.slot)
    if (!plan.isMainThread) return
    const merge = (seen: Seen): Finding => {
      const note = this.noted()
      // Among the microtasks of a turn are those of others: there only the code itself can tell whose it is.
      const isNoted = !seen.isAnswer || (seen.instanceId === undefined && Atomics.load(this.cells, plan.layout.cells.phase) === plan.layout.phases.applying)
      return isNoted ? { ...note, stack: seen.stack } : { instanceId: seen.instanceId, name: seen.name, stack: seen.stack }
    }
    try {
      this.look.begin(() => lastBeats === Atomics.load(this.cells, plan.layout.cells.beats), (seen) => found(merge(seen)))
    } catch {
      // No inspector in this build of Node: names without lines.
    }
  }

  private isStuck(): boolean {
    return this.lastBeats === Atomics.load(this.cells, this.plan.layout.cells.beats)
  }

  private letGo(text?: string): void {
    if (text !== undefined) this.print(text)
    try {
      this.look?.end()
    } catch {
      // It never was connected.
    }
    this.look = undefined
  }

  private recovered(report: (report: BlockReport) => void): void {
    const finding = this.seen ?? { instanceId: undefined, name: undefined, stack: undefined }
    report({ ...finding, blockedMs: Math.round(this.stalledMs), text: this.text(finding) })
    this.letGo()
    this.seen = undefined
    this.stage = 0
  }

  /** What the watched thread noted when it took up the turn. */
  private noted(): Finding {
    const { memory, layout } = this.plan
    if (Atomics.load(this.cells, layout.cells.phase) === layout.phases.none) return { instanceId: undefined, name: undefined, stack: undefined }
    const text = new Uint16Array(memory, layout.textOffsetBytes)
    const read = (offset: number, length: number): string => String.fromCharCode(...text.subarray(offset, offset + length))
    return { instanceId: read(0, this.cells[layout.cells.idLength] ?? 0), name: read(layout.nameOffset, this.cells[layout.cells.nameLength] ?? 0), stack: undefined }
  }

  private text(finding: Finding | undefined): string {
    const who = finding?.instanceId === undefined ? 'code outside orchestration turns' : `a turn of orchestration '${finding.name}', instance '${finding.instanceId}'`
    const frames = finding?.stack?.split('\n') ?? []
    const line = frames.find((frame) => !frame.includes('node:') && !frame.includes('(<anonymous>)')) ?? frames[0]
    return `for ${(this.stalledMs / 1000).toFixed(1)} s by ${who}, ${line === undefined ? 'at a line that cannot be seen, most likely inside a native call' : line.trim()}`
  }

  private print(text: string): void {
    const { writeSync } = this.load('node:fs') as typeof fileSystem
    const frames = this.seen?.stack === undefined ? '' : `${this.seen.stack.split('\n').slice(0, 10).join('\n')}\n`
    try {
      writeSync(2, `[dtfx watchdog] event loop blocked ${text}\n${frames}`)
    } catch {
      // Nobody reads, or not fast enough.
    }
  }
}

/**
 * A program for a worker thread, whatever bundled, minified or transpiled this file. Some of these tools have functions and classes pass through a helper that keeps their names, and give
 * that helper any name: a name that nobody knows is taken for it.
 */
export function watchdogProgram(): string {
  return `const { workerData } = require('node:worker_threads')
const classes = []
const helper = (target) => target
with (new Proxy({}, { has: (_target, name) => name !== 'classes' && !(name in globalThis), get: (_target, name) => (typeof name === 'string' ? helper : undefined) })) {
  classes.push(${WatchdogThread}, ${InspectorLook})
}
new classes[0](require, workerData, classes[1]).run()
`
}
