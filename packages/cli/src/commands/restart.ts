/** `dtfx restart`: starts an instance anew, with the same name, input, tags and version. */
import type { Command } from 'commander'
import type { Session } from '../session.js'
import { action, type Context, type Given } from './action.js'

interface RestartOptions {
  readonly newId?: string
}

export function addRestart(program: Command, context: Context): void {
  program
    .command('restart')
    .description('Starts a finished instance anew, with the same input.')
    .argument('<id>', 'instance id')
    .option('--new-id <id>', 'under another id; the old instance may then go on')
    .action(action(context, restart))
}

async function restart(session: Session, { args, options }: Given<RestartOptions>): Promise<void> {
  const old = args[0] as string
  const { instanceId, executionId } = await session.client.restart(old, { newInstanceId: options.newId })
  await session.answer(instanceId === old ? `${instanceId}: started anew` : `${instanceId}: started, with the input of ${old}`, { instanceId, executionId, outcome: 'started' })
}
