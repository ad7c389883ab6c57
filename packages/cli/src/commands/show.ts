/** `dtfx show`: one instance, and the timeline of its history. */
import type { Command } from 'commander'
import { DurableError, type HistoryFile, type OrchestrationState } from '@dtfx/core'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import { instanceJson } from '../instance/instance-json.js'
import { instanceLines } from '../instance/instance-lines.js'
import type { Session } from '../session.js'
import { TimelineLines } from '../timeline/timeline-lines.js'
import { timelineRows } from '../timeline/timeline-rows.js'
import { action, type Context, type Given } from './action.js'
import { followInstance } from './follow-instance.js'

interface ShowOptions {
  readonly follow?: true
  readonly full?: true
  readonly history: boolean
}

export function addShow(program: Command, context: Context): void {
  program
    .command('show')
    .description('An instance: its state, why it failed, and what happened when.')
    .argument('<id>', 'instance id')
    .option('-f, --follow', 'show what happens until it ends; exit code 1 unless it completes')
    .option('--full', 'payloads, stacks and timelines in full length')
    .option('--no-history', 'the state only')
    .action(action(context, show))
}

async function show(session: Session, { args, options }: Given<ShowOptions>): Promise<ExitCode> {
  const instanceId = args[0] as string
  const full = options.full === true
  if (options.follow === true) {
    const state = await followInstance(session, instanceId, { full, timeline: options.history })
    return state.status === 'Completed' ? exitCodes.done : exitCodes.failed
  }
  const state = await readState(session, instanceId)
  const history = options.history ? await readHistory(session, instanceId) : undefined
  if (session.asJson) {
    await session.printJson({ instance: instanceJson(state), ...(history === undefined ? {} : { timeline: timelineRows(history.events) }) })
    return exitCodes.done
  }
  const nowMs = session.host.clock.nowMs()
  await session.print(instanceLines(state, { paint: session.paint, nowMs, full }).join('\n'))
  if (history === undefined || history.events.length === 0) return exitCodes.done
  const lines = new TimelineLines({ paint: session.paint, full, screenWidth: session.host.out.width, nowMs: state.isFinal ? undefined : nowMs })
  await session.write(`\n${lines.whole(timelineRows(history.events))}`)
  return exitCodes.done
}

/** @throws DTFX_INSTANCE_NOT_FOUND */
export async function readState(session: Session, instanceId: string): Promise<OrchestrationState> {
  const state = await session.client.state(instanceId)
  if (state === undefined) throw new DurableError('DTFX_INSTANCE_NOT_FOUND', { instanceId })
  return state
}

/** Undefined, with a note: the provider keeps none that can be read. */
async function readHistory(session: Session, instanceId: string): Promise<HistoryFile | undefined> {
  if (session.service.history !== undefined) return session.client.history(instanceId)
  await session.note(`note: no timeline: provider '${session.service.name}' does not support reading histories. [DTFX_NOT_SUPPORTED]`)
  return undefined
}
