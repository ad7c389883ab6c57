/** `pnpm quickstart …`: builds what the quickstart needs, quietly, and runs it with the arguments given, in the folder the user is in. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { build, env, root } from './built-workspace.mjs'

process.stderr.write('Building … (seconds the first time, cached afterwards)\n')
build('@dtfx/quickstart', { quiet: true })
const run = spawnSync('node', [join(root, 'apps', 'quickstart', 'dist', 'main.js'), ...process.argv.slice(2)], { cwd: process.env.INIT_CWD ?? process.cwd(), env, stdio: 'inherit' })
process.exitCode = run.status ?? 1
