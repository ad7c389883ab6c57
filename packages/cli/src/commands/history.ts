/** `dtfx history export`: a history as a file, for `replayHistory` of the test kit or for a look. */
import type { Command } from 'commander'
import type { HistoryFile } from '@dtfx/core'
import type { Session } from '../session.js'
import { action, type Context, type Given } from './action.js'

interface ExportOptions {
  readonly to?: string
}

export function addHistory(program: Command, context: Context): void {
  program
    .command('history')
    .description('Histories of instances.')
    .command('export')
    .description('Writes the history of the current execution as JSON. Payloads are decoded: where they are encrypted in the store, they are in clear here.')
    .argument('<id>', 'instance id')
    .option('--to <file>', 'a file instead of standard output; one that is there is replaced with --yes only')
    .action(action(context, exportHistory))
}

async function exportHistory(session: Session, { args, options }: Given<ExportOptions>): Promise<void> {
  const instanceId = args[0] as string
  const history = await session.client.history(instanceId)
  const text = historyText(history)
  if (options.to === undefined) return session.write(text)
  await session.host.writeFile(options.to, text, { replace: options.yes === true })
  await session.answer(`${instanceId}: ${history.events.length} events written to ${options.to}`, { instanceId, events: history.events.length, file: options.to })
}

/** JSON with a line for each event, so that two histories can be compared by line. */
export function historyText({ events, ...head }: HistoryFile): string {
  const lines = events.map((event) => `  ${JSON.stringify(event)}`).join(',\n')
  return `${JSON.stringify(head).slice(0, -1)},"events":[${lines === '' ? '' : `\n${lines}\n`}]}\n`
}
