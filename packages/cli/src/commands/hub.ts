/** `dtfx hub show | create | reset`: the task hub as a whole. */
import type { Command } from 'commander'
import { DurableError } from '@dtfx/core'
import { sleep } from '@dtfx/core/provider'
import { durationText } from '../format/duration-text.js'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import type { Session } from '../session.js'
import { action, type Context } from './action.js'

/** A store may go on deleting for a while after it has said yes: Azure Storage refuses a name for half a minute or more. */
const maxDeletionMs = 180_000
const pauseMs = 5_000

export function addHub(program: Command, context: Context): void {
  const group = program.command('hub').description('The task hub as a whole.')
  group.command('show').description('Where it is, what its provider can do, and how much waits in it.').action(action(context, show))
  group.command('create').description('Creates what is missing of it; what is there stays.').action(action(context, create))
  group.command('reset').description('Deletes it with everything in it, and creates it anew. Stop its workers first.').action(action(context, reset))
}

async function show(session: Session): Promise<void> {
  const { service } = session
  const backlog = await service.scale?.metrics()
  const { name: provider, location, capabilities } = service
  if (session.asJson) return session.printJson({ provider, location, capabilities, backlog })
  const waiting =
    backlog === undefined
      ? 'unknown to this provider'
      : `${backlog.orchestrationBacklog} for orchestrations, ${backlog.activityBacklog} for activities${backlog.oldestMessageAgeMs > 0 ? `; the oldest for ${durationText(backlog.oldestMessageAgeMs)}` : ''}`
  const can = Object.entries(capabilities).flatMap(([key, value]) => (value === true ? [key] : []))
  const facts = [
    ['Provider', provider],
    ['Task hub', session.place],
    ['Messages', waiting],
    ['Commits', capabilities.commit],
    ['Can', can.join(', ')],
  ]
  await session.print(facts.map(([label = '', text = '']) => `${session.paint.dim(label.padEnd(8))}  ${text}`).join('\n'))
}

async function create(session: Session): Promise<void> {
  await session.service.createHub()
  await session.answer(`created: ${session.place}`, { hub: 'created', location: session.service.location })
}

async function reset(session: Session): Promise<ExitCode> {
  if (!(await session.confirm(`Delete ${session.place}, with all instances, histories and messages, and create it anew?`))) return exitCodes.failed
  await session.service.deleteHub()
  await createAgain(session)
  await session.answer(`reset: ${session.place}`, { hub: 'reset', location: session.service.location })
  return exitCodes.done
}

/** @throws DTFX_TRANSIENT when the store is not ready in time: `hub create` later on does the rest */
async function createAgain({ service, host }: Session): Promise<void> {
  const endMs = host.clock.monotonicMs() + maxDeletionMs
  for (;;) {
    try {
      return await service.createHub()
    } catch (error) {
      if (!DurableError.is(error, 'DTFX_TRANSIENT') || host.clock.monotonicMs() > endMs) throw error
      await sleep(host.clock, pauseMs)
    }
  }
}
