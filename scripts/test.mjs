/**
 * `pnpm test`: everything that must hold, one step after the other, stopping at the first that fails. The same on a laptop and in CI.
 * The last line is `N passed, N failed` over all tests that ran.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'dtfx-test-'))
const totals = { passed: 0, failed: 0 }
const quiet = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', TURBO_NO_UPDATE_NOTIFIER: '1', FORCE_COLOR: '0', NO_COLOR: '1' }

const steps = [
  { name: 'build', command: ['turbo', 'run', 'build', '--output-logs=errors-only'] },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json', '--noEmit'] },
  { name: 'lint', command: ['eslint', '.', '--max-warnings', '0'] },
  { name: 'architecture', command: ['node', 'scripts/check-architecture.mjs'] },
  { name: 'public API', command: ['node', 'scripts/api-report.mjs'] },
  { name: 'tests', command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${join(scratch, 'tests.json')}`], report: join(scratch, 'tests.json') },
  { name: 'mutants', command: ['node', 'scripts/mutants.mjs', '--minutes', '10'] },
  { name: 'engine on each Node', command: ['node', 'scripts/test-nodes.mjs', '--report', join(scratch, 'nodes.json')], report: join(scratch, 'nodes.json') },
  { name: 'packages', command: ['node', 'scripts/test-packages.mjs', '--report', join(scratch, 'packages.json')], report: join(scratch, 'packages.json') },
  { name: 'docs', command: ['node', 'apps/quickstart/dist/main.js', '--yes', '--provider', 'memory'] },
]

function run([program, ...args]) {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...quiet, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` } })
    child.on('error', (error) => {
      process.stderr.write(`${program}: ${error.message}\n`)
      done(1)
    })
    child.on('close', (code) => done(code ?? 1))
  })
}

function count(report) {
  if (report === undefined || !existsSync(report)) return
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'))
  totals.passed += numPassedTests
  totals.failed += numFailedTests
}

const summary = []
let failed = false
for (const step of steps) {
  process.stdout.write(`\n── ${step.name}\n`)
  const startedMs = performance.now()
  const code = await run(step.command)
  count(step.report)
  summary.push(`${code === 0 ? 'ok  ' : 'FAIL'} ${step.name.padEnd(20)} ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  if (code !== 0) {
    failed = true
    break
  }
}
rmSync(scratch, { recursive: true, force: true })
process.stdout.write(`\n${summary.join('\n')}\n\n${totals.passed} passed, ${Math.max(totals.failed, failed ? 1 : 0)} failed\n`)
process.exitCode = failed ? 1 : 0
