#!/usr/bin/env node
/** Entry of the command `dtfx-service-bus-emulator`. */
import { createRequire } from 'node:module'
import { runCommand } from './run-command.js'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
const stopRequested = new Promise<string>((stop) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop(signal))
})

process.exitCode = await runCommand({
  args: process.argv.slice(2),
  version,
  print: (line) => void process.stdout.write(`${line}\n`),
  printError: (line) => void process.stderr.write(`${line}\n`),
  stopRequested,
})
