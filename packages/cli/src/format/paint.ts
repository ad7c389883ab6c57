/** Colours of a terminal, or none. */

export type Style = (text: string) => string

export interface Paint {
  readonly good: Style
  readonly bad: Style
  readonly warn: Style
  readonly dim: Style
  readonly strong: Style
}

const plain: Style = (text) => text
const coloured =
  (on: number, off: number): Style =>
  (text) =>
    text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`

export function paintFor(colours: boolean): Paint {
  const style = (on: number, off: number): Style => (colours ? coloured(on, off) : plain)
  return { good: style(32, 39), bad: style(31, 39), warn: style(33, 39), dim: style(2, 22), strong: style(1, 22) }
}
