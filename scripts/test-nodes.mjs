/**
 * `pnpm test:nodes`: the tests that depend on how Node orders ticks, microtasks and rejections (drain matrix, differential fuzz, trap list), on every supported major version.
 * The binaries are npm packages for Linux on x64; elsewhere the step says that it is skipped.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = ['drain-matrix', 'differential-fuzz', 'traps'].map((name) => `packages/core/test/engine/${name}.test.ts`)
const versions = ['22', '24', '26']
const reportPath = process.argv.includes('--report') ? process.argv[process.argv.indexOf('--report') + 1] : undefined

if (process.platform !== 'linux' || process.arch !== 'x64') {
  process.stdout.write(`skipped: Node binaries for ${process.platform}-${process.arch} are not among the dev dependencies\n`)
  process.exit(0)
}

const scratch = mkdtempSync(join(tmpdir(), 'dtfx-nodes-'))
const totals = { numPassedTests: 0, numFailedTests: 0 }
let failed = false
for (const version of versions) {
  const binary = join(root, 'node_modules', `node-${version}`, 'bin', 'node')
  if (!existsSync(binary)) {
    process.stdout.write(`skipped: node-${version} is not installed\n`)
    continue
  }
  const shown = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim()
  const report = join(scratch, `${version}.json`)
  const args = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...files, '--reporter=json', `--outputFile.json=${report}`]
  const run = spawnSync(binary, args, { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 64 * 1024 * 1024 })
  const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : { numPassedTests: 0, numFailedTests: 1 }
  totals.numPassedTests += result.numPassedTests
  totals.numFailedTests += result.numFailedTests
  process.stdout.write(`${shown}: ${result.numPassedTests} passed, ${result.numFailedTests} failed\n`)
  if (run.status !== 0) {
    failed = true
    process.stdout.write(run.stdout + run.stderr)
    for (const file of result.testResults ?? []) for (const test of file.assertionResults) if (test.status === 'failed') process.stdout.write(`  ${test.fullName}\n    ${test.failureMessages.join('\n    ')}\n`)
  }
}
rmSync(scratch, { recursive: true, force: true })
if (reportPath !== undefined) writeFileSync(reportPath, JSON.stringify(totals))
process.exitCode = failed ? 1 : 0
