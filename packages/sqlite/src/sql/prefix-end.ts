/** The smallest text that is greater than every text with a prefix, in the order of SQLite, which is that of UTF-8 and of code points. */

const lastCodePoint = 0x10ffff
const surrogates = { first: 0xd800, after: 0xe000 }

/** Undefined: every text that is greater than the prefix begins with it. */
export function prefixEnd(prefix: string): string | undefined {
  const points = [...prefix].map((character) => character.codePointAt(0) as number)
  while (points.length > 0 && points[points.length - 1] === lastCodePoint) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  const next = last + 1 === surrogates.first ? surrogates.after : last + 1
  return String.fromCodePoint(...points, next)
}
