/** The built program as `pnpm bench` starts it. `pnpm build` comes first; `pnpm test` does that. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

function bench(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', main, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, DTFX_BENCH_POSTGRES: 'postgres://127.0.0.1:1/postgres' } })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

beforeAll(() => {
  expect(existsSync(main), 'the program is not built: run pnpm build').toBe(true)
})

describe('bench', () => {
  it('gives JSON rows, the headline first, and the ratio', async () => {
    const { code, stdout, stderr } = await bench('hello-sequence-5', '--provider', 'memory', '--count', '10', '--runs', '2', '--against', 'durabletask-js', '--json')
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(Object.keys(rows[0] ?? {})).toEqual(['workload', 'case', 'provider', 'metric', 'value', 'unit', 'runs', 'node', 'cpu'])
    expect(rows[0]).toMatchObject({ workload: 'hello-sequence-5', case: 'default', provider: 'memory', metric: 'orchestrations_per_second', node: process.versions.node })
    expect(rows.filter((row) => row['metric'] === 'ratio')).toMatchObject([{ case: 'default', provider: 'memory', against: 'durabletask-js' }])
    for (const { value, runs } of rows) {
      expect(value).toBeTypeOf('number')
      expect(runs).toHaveLength(2)
    }
  })

  it.each([
    ['idle', 'processor_percent'],
    ['latency-processes', 'latency_p50_ms'],
    ['growth', 'orchestrations_per_second'],
  ])('%s runs on a file', async (workload, metric) => {
    const { code, stdout } = await bench(workload, '--provider', 'sqlite', '--count', '1', '--runs', '1', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ workload, metric, provider: 'sqlite' })
  }, 60_000)

  it('gives a table to people', async () => {
    const { code, stdout } = await bench('memory', '--count', '20', '--runs', '1')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^memory: Node /)
    expect(stdout).toMatch(/│ default │ memory +│ bytes_per_instance │/)
  })

  it.each([
    ['an unknown workload', ['nope'], 'Give one of replay,'],
    ['a workload that does not apply', ['requests', '--provider', 'memory'], 'error: not applicable: provider memory counts no storage requests'],
    ['an unknown provider', ['latency', '--provider', 'memori'], "Did you mean 'memory'?"],
    ['a competitor whose server is not there', ['latency', '--provider', 'memory', '--count', '1', '--against', 'dbos'], 'error: dbos needs a PostgreSQL server, and none can be used at 127.0.0.1:1 '],
  ])('ends with 1 and one line on stderr for %s', async (_, args, text) => {
    const { code, stdout, stderr } = await bench(...args)
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(text)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})
