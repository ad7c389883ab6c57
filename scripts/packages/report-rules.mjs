/** Rules about the text of an API report: what differs from the one in git, and where it says `any`. Pure, so that they are tested alone. */
import ts from 'typescript'

/** The one declaration that may say `any`: a generator's `yield` has one type for all its values. */
const mayHoldAny = new Set(['fromGenerator'])
const shownLines = 20

/** Lines of one report that the other does not have, as `- old` and `+ new`; empty when they are equal but for line ends. */
export function differences(committed, built) {
  const [before, after] = [committed, built].map((text) => text.replaceAll('\r', '').split('\n'))
  if (before.join('\n') === after.join('\n')) return []
  const lines = [...missing(before, after).map((line) => `- ${line}`), ...missing(after, before).map((line) => `+ ${line}`)]
  if (lines.length === 0) return ['the same lines in another order']
  return lines.length > shownLines ? [...lines.slice(0, shownLines), `… and ${lines.length - shownLines} more lines`] : lines
}

function missing(lines, others) {
  const known = new Set(others)
  return lines.filter((line) => line.trim() !== '' && !known.has(line))
}

/** Names of the declarations in a report that hold `any` and may not. */
export function declarationsWithAny(report) {
  const code = /^```ts\n([\s\S]*?)^```$/m.exec(report.replaceAll('\r', ''))?.[1] ?? ''
  const source = ts.createSourceFile('report.d.ts', code, ts.ScriptTarget.Latest, true)
  return source.statements.filter(holdsAny).map(nameOf).filter((name) => !mayHoldAny.has(name))
}

function holdsAny(node) {
  return node.kind === ts.SyntaxKind.AnyKeyword || (ts.forEachChild(node, (child) => holdsAny(child) || undefined) ?? false)
}

function nameOf(statement) {
  const named = statement.name ?? statement.declarationList?.declarations[0]?.name
  return named?.text ?? statement.getText().slice(0, 60)
}
