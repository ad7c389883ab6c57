/** How far the run is, on the terminal: a bar that moves where there is one, else a plain line now and then (a log in CI should not fill with bars). */
import { SingleBar } from 'cli-progress'
import type { Paint } from './report/paint.js'
import { plural } from './report/wording.js'

export interface Snapshot {
  readonly phase: 'listing' | 'checking' | 'approval' | 'writing'
  readonly done: number
  readonly files: number
}

export interface ProgressView {
  update(snapshot: Snapshot): void
  /** Leaves the bar as it is, so that other text can follow. Idempotent. */
  stop(): void
}

export function barView(stream: NodeJS.WriteStream, paint: Paint): ProgressView {
  let bar: SingleBar | undefined
  let ended = false
  return {
    update({ phase, done, files }) {
      if (phase === 'listing' || ended || files === 0) return
      if (bar === undefined) {
        bar = new SingleBar({
          stream,
          format: `Checking ${paint.accent('{bar}')} {percentage}% · {value}/{total} files`,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          barsize: 30,
          hideCursor: true,
        })
        bar.start(files, 0)
      }
      bar.update(phase === 'checking' ? done : files)
      if (phase !== 'checking') this.stop()
    },
    stop() {
      ended = true
      bar?.stop()
      bar = undefined
    },
  }
}

/** A line at the start, at every quarter of a longer run, and at the end. */
export function lineView(write: (line: string) => void): ProgressView {
  let shownQuarter = -1
  let ended = false
  return {
    update({ phase, done, files }) {
      if (phase === 'listing' || ended || files === 0) return
      ended = phase !== 'checking'
      const quarter = ended ? 4 : Math.floor((done / files) * 4)
      if (quarter <= shownQuarter) return
      shownQuarter = quarter
      write(quarter === 0 ? `Checking ${plural(files, 'file')}` : `Checked ${ended ? files : done}/${files}`)
    },
    stop() {
      ended = true
    },
  }
}
