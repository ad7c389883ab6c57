/** `pnpm quickstart …`: builds what the quickstart needs, quietly, and runs it with the arguments given, in the folder the user is in. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, env, root } from './built-workspace.mjs'

process.stderr.write('Building … (seconds the first time, cached afterwards)\n')
build('@dtfx/quickstart', { quiet: true })

// What the program tells its user to type, to go on with a run or to start a worker.
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const QUICKSTART_COMMAND = `npx -y ${packageManager} quickstart`
const program = join(root, 'apps', 'quickstart', 'dist', 'main.js')
const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { cwd: process.env.INIT_CWD ?? process.cwd(), env: { ...env, QUICKSTART_COMMAND }, stdio: 'inherit' })
// Ctrl+C reaches the child as well, which leaves its run in order; only then is this the end.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('close', (code, signal) => {
  if (signal !== null) process.stderr.write(`The quickstart was ended by ${signal}.\n`)
  process.exitCode = code ?? 1
})
