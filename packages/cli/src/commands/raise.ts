/** `dtfx raise`: sends an event to an instance. */
import type { Command } from 'commander'
import { readJsonArgument } from '../arguments/json-argument.js'
import type { Session } from '../session.js'
import { action, type Context, type Given } from './action.js'
import { liveState } from './live-state.js'

export function addRaise(program: Command, context: Context): void {
  program
    .command('raise')
    .description('Sends an event to an instance that has not ended.')
    .argument('<id>', 'instance id')
    .argument('<event>', 'name of the event')
    .argument('[payload]', 'JSON; @file reads a file, - standard input')
    .action(action(context, raise))
}

async function raise(session: Session, { args }: Given<object>): Promise<void> {
  const [instanceId, event, given] = args as [string, string, string | undefined]
  const payload = await readJsonArgument(session.host, given, 'payload')
  await liveState(session, instanceId, 'raise')
  await session.client.raiseEvent(instanceId, event, payload)
  await session.answer(`${instanceId}: event '${event}' sent`, { instanceId, sent: 'event', event })
}
