/** `pnpm bench …`: builds what the benchmarks need (output on stderr, so that stdout holds rows only) and runs them with the arguments given. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { build, env, root } from './built-workspace.mjs'

build('@dtfx/bench')
const bench = spawnSync('node', ['--expose-gc', join(root, 'apps', 'bench', 'dist', 'main.js'), ...process.argv.slice(2)], { cwd: root, env, stdio: 'inherit' })
process.exitCode = bench.status ?? 1
