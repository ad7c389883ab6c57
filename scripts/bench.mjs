/** `pnpm bench …`: builds what the benchmarks need (output on stderr, so that stdout holds rows only) and runs them with the arguments given. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1', PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` }
const build = spawnSync('turbo', ['run', 'build', '--filter=@dtfx/bench...', '--output-logs=errors-only'], { cwd: root, env, stdio: ['ignore', 2, 2] })
if (build.status !== 0) process.exit(build.status ?? 1)
const bench = spawnSync('node', ['--expose-gc', join(root, 'apps', 'bench', 'dist', 'main.js'), ...process.argv.slice(2)], { cwd: root, env, stdio: 'inherit' })
process.exitCode = bench.status ?? 1
