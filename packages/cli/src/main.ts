#!/usr/bin/env node
/** Entry of the command `dtfx`. */
import { createRequire } from 'node:module'
import { processHost } from './process-host.js'
import { runCommand } from './run-command.js'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

process.exitCode = await runCommand(process.argv.slice(2), processHost(version))
