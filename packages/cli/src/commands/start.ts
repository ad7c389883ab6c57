/** `dtfx start`: starts an orchestration by its name. */
import { Option, type Command } from 'commander'
import type { Duration, ReusePolicy } from '@dtfx/core'
import { tagArgument } from '../arguments/filter-options.js'
import { readJsonArgument } from '../arguments/json-argument.js'
import { argumentError, exitCodes, type ExitCode } from '../exit-codes.js'
import type { Session } from '../session.js'
import { action, type Context, type Given } from './action.js'
import { followInstance } from './follow-instance.js'

interface StartOptions {
  readonly id?: string
  readonly orchestrationVersion?: string
  readonly tag?: Record<string, string>
  readonly at?: string
  readonly reuse: ReusePolicy
  readonly follow?: true
}

export function addStart(program: Command, context: Context): void {
  program
    .command('start')
    .description('Starts an orchestration.')
    .argument('<name>', 'name of the orchestration')
    .argument('[input]', 'JSON; @file reads a file, - standard input')
    .option('-i, --id <id>', 'instance id (default: a random one)')
    .option('--orchestration-version <version>', 'version of the orchestration')
    .option('-t, --tag <key=value>', 'a tag; may be repeated', tagArgument)
    .option('--at <time>', 'not before: a time like 2026-11-29T10:00:00Z, or how long from now: 30s, 15m, 2h')
    .addOption(new Option('--reuse <policy>', 'when the id is in use').choices(['error', 'replaceFinished', 'skip', 'replace'] satisfies ReusePolicy[]).default('error'))
    .option('-f, --follow', 'show what happens until it ends; exit code 1 unless it completes')
    .action(action(context, start))
}

async function start(session: Session, { args, options }: Given<StartOptions>): Promise<ExitCode> {
  const [name, given] = args as [string, string | undefined]
  const input = await readJsonArgument(session.host, given, 'input')
  await session.requireHub()
  const { id, orchestrationVersion, tag, at, reuse, follow } = options
  const handle = await session.client.start(name, input, { instanceId: id, version: orchestrationVersion, tags: tag, startAt: at === undefined ? undefined : startTime(at), reuse })
  const { instanceId, executionId } = handle
  const isNew = executionId !== undefined
  if (follow !== true) {
    await session.answer(isNew ? `${instanceId}: started` : `${instanceId}: is there already`, { instanceId, executionId, outcome: isNew ? 'started' : 'existing' })
    return exitCodes.done
  }
  await session.note(isNew ? `${instanceId}: started` : `${instanceId}: is there already`)
  const state = await followInstance(session, instanceId, { full: false, timeline: true })
  return state.status === 'Completed' ? exitCodes.done : exitCodes.failed
}

/** @throws DTFX_INVALID_OPTION */
function startTime(text: string): Date | Duration {
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return text as Duration
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? new Date(text) : undefined
  if (time === undefined || Number.isNaN(time.getTime())) throw argumentError('--at', `is '${text}'; give a time like 2026-11-29T10:00:00Z, or how long from now: 30s, 15m, 2h`)
  return time
}
