/** `pnpm quickstart …`: builds what the quickstart needs, quietly, and runs it with the arguments given, in the folder the user is in. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1', PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` }
process.stderr.write('Building … (seconds the first time, cached afterwards)\n')
const build = spawnSync('turbo', ['run', 'build', '--filter=@dtfx/quickstart...', '--output-logs=errors-only'], { cwd: root, env, encoding: 'utf8' })
if (build.status !== 0) {
  process.stderr.write(`${build.stdout ?? ''}${build.stderr ?? ''}${build.error?.message ?? ''}\n`)
  process.exit(build.status ?? 1)
}
const run = spawnSync('node', [join(root, 'apps', 'quickstart', 'dist', 'main.js'), ...process.argv.slice(2)], { cwd: process.env.INIT_CWD ?? process.cwd(), env, stdio: 'inherit' })
process.exitCode = run.status ?? 1
