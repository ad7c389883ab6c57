/** Where the program writes and what the place can do: a terminal with colours and a person, or a log. */
import { paint, type Paint } from './report/paint.js'

export interface Screen {
  readonly out: NodeJS.WriteStream
  readonly input: NodeJS.ReadStream
  readonly paint: Paint
  /** Somebody can be asked. */
  readonly isInteractive: boolean
  /** Characters per line. */
  readonly columns: number
  write(text: string): void
}

export function screenOf(out: NodeJS.WriteStream, input: NodeJS.ReadStream): Screen {
  return {
    out,
    input,
    // hasColors respects NO_COLOR and what the terminal can do.
    paint: paint(out.isTTY && out.hasColors()),
    isInteractive: out.isTTY && input.isTTY,
    columns: out.isTTY ? out.columns : 120,
    write: (text) => void out.write(`${text}\n`),
  }
}
