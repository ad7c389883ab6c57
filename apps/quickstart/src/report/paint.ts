/** Colours of the terminal, or none. */
import { styleText } from 'node:util'

type Style = (text: string) => string

export interface Paint {
  readonly good: Style
  readonly bad: Style
  readonly warn: Style
  readonly dim: Style
  readonly strong: Style
  readonly accent: Style
}

export function paint(colours: boolean): Paint {
  const style = (name: Parameters<typeof styleText>[0]): Style => (colours ? (text) => styleText(name, text, { validateStream: false }) : (text) => text)
  return { good: style('green'), bad: style('red'), warn: style('yellow'), dim: style('dim'), strong: style('bold'), accent: style('cyan') }
}
