/** What the commands share that run built code: where things are, the environment for programs of the workspace, and the build of what a command needs. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1', PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` }

/** Builds a package and what it depends on; ends this process if that fails. The output goes to stderr, when `quiet` only if it fails. */
export function build(name, { quiet = false } = {}) {
  const options = quiet ? { encoding: 'utf8' } : { stdio: ['ignore', 2, 2] }
  const { status, stdout, stderr, error } = spawnSync('turbo', ['run', 'build', `--filter=${name}...`, '--output-logs=errors-only'], { cwd: root, env, ...options })
  if (status === 0) return
  if (quiet) process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}\n`)
  process.exit(status ?? 1)
}
