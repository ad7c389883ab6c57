/** Node.js 22 warns that its SQLite is experimental, on the terminal of whoever runs this program and cannot do anything about it. Every other warning stays. */

type Emit = (...given: unknown[]) => void

export function hideSqliteWarning(target: { emitWarning: Emit } = process as unknown as { emitWarning: Emit }): void {
  const emit = target.emitWarning.bind(target)
  target.emitWarning = (...given) => {
    const [warning] = given
    if (!/^SQLite is an experimental feature/.test(warning instanceof Error ? warning.message : String(warning))) emit(...given)
  }
}
