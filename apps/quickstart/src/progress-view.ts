/** How far the run is, on the terminal: a bar that moves where there is one, else a plain line now and then (a log in CI should not fill with bars). */
import { SingleBar } from 'cli-progress'
import type { Paint } from './report/paint.js'
import { count, plural } from './report/wording.js'

export interface Snapshot {
  readonly done: number
  readonly files: number
}

export interface ProgressView {
  update(snapshot: Snapshot): void
  /** A line in between. */
  note(line: string): void
  /** Leaves the bar as it is, so that other text can follow; later updates show nothing. */
  stop(): void
}

export function barView(stream: NodeJS.WriteStream, paint: Paint): ProgressView {
  let bar: SingleBar | undefined
  let isOver = false
  const end = (): void => {
    bar?.stop()
    bar = undefined
  }
  return {
    update({ done, files }) {
      if (isOver) return
      if (bar === undefined) {
        const format = `Checking ${paint.accent('{bar}')} {percentage}% · {value}/{total} files`
        bar = new SingleBar({ stream, format, barCompleteChar: '█', barIncompleteChar: '░', barsize: 30 })
        bar.start(files, done)
      }
      bar.update(done)
    },
    note(line) {
      end()
      stream.write(`${line}\n`)
    },
    stop() {
      isOver = true
      end()
    },
  }
}

/** A line at the start, at every quarter, and at the end. */
export function lineView(write: (line: string) => void): ProgressView {
  let shownQuarter = -1
  let isOver = false
  return {
    update({ done, files }) {
      const quarter = Math.floor((done / files) * 4)
      if (isOver || quarter <= shownQuarter) return
      shownQuarter = quarter
      write(quarter === 0 ? `Checking ${plural(files, 'file')}` : `Checked ${count(done)}/${count(files)}`)
    },
    note: write,
    stop() {
      isOver = true
    },
  }
}
