/** `dtfx quarantine list | replay | delete`: messages that were set aside because they could not be processed. */
import type { Command } from 'commander'
import { DurableError } from '@dtfx/core'
import type { QuarantinedMessage } from '@dtfx/core/provider'
import { argumentError, exitCodes, type ExitCode } from '../exit-codes.js'
import { Columns, type Cell } from '../format/columns.js'
import { shortTimeText } from '../format/duration-text.js'
import { textOfPayload } from '../format/payload-text.js'
import { printable } from '../format/printable.js'
import type { Session } from '../session.js'
import { action, type Context, type Given } from './action.js'

interface ManyOptions {
  readonly all?: true
}

const what = 'looking at messages that were set aside'
/** Lines that are written at once. */
const blockSize = 50
const columns = [{ head: 'MESSAGE' }, { head: 'INSTANCE' }, { head: 'EVENT' }, { head: 'SINCE (UTC)' }, { head: 'CODE' }, { head: 'REASON' }]

export function addQuarantine(program: Command, context: Context): void {
  const group = program.command('quarantine').description('Messages that were set aside because they could not be processed.')
  group.command('list').description('All of them.').action(action(context, list))
  const many = (name: string, description: string): Command => group.command(name).description(description).argument('[ids...]', 'message ids, of quarantine list').option('--all', 'all of them')
  many('replay', 'Puts messages back into their queues, to be tried again.').action(
    action(context, (session, given: Given<ManyOptions>) => forMessages(session, context, given, { done: 'replayed', of: (id) => session.require('quarantine', what).replay(id) })),
  )
  many('delete', 'Deletes messages.').action(
    action(context, async (session, given: Given<ManyOptions>) => {
      const port = session.require('quarantine', what)
      const ids = idsOf(given)
      const which = ids === undefined ? 'all messages' : ids.length === 1 ? `message '${ids[0]}'` : `${ids.length} messages`
      if (!(await session.confirm(`Delete ${which} in the quarantine of ${session.place}?`))) return exitCodes.failed
      return forMessages(session, context, given, { done: 'deleted', of: (id) => port.delete(id) })
    }),
  )
}

async function list(session: Session): Promise<void> {
  const table = new Columns(columns, session.paint, session.host.out.width)
  let block: QuarantinedMessage[] = []
  let count = 0
  const flush = async (): Promise<void> => {
    if (block.length > 0) await session.write(session.asJson ? block.map((each) => `${JSON.stringify(each)}\n`).join('') : table.lines(block.map(rowOf)))
    block = []
  }
  for await (const message of session.require('quarantine', what).list()) {
    block.push(message)
    count++
    if (block.length === blockSize) await flush()
    if (session.host.out.isClosed) return
  }
  await flush()
  if (count === 0) await session.note('The quarantine is empty.')
}

function rowOf({ id, instanceId, message, quarantinedAt, code, reason }: QuarantinedMessage): Cell[] {
  return [printable(id), printable(instanceId ?? '-'), message?.event.type ?? 'unreadable', shortTimeText(new Date(quarantinedAt)), printable(code), textOfPayload(reason, false)]
}

interface MessageWork {
  readonly done: string
  /** False: there is no such message. */
  of(id: string): Promise<boolean>
}

async function forMessages(session: Session, { report }: Context, given: Given<ManyOptions>, { done, of }: MessageWork): Promise<ExitCode> {
  const ids = idsOf(given)
  let code: ExitCode = exitCodes.done
  const one = async (id: string): Promise<void> => {
    if (await of(id)) return session.answer(`${id}: ${done}`, { messageId: id, outcome: done })
    code = exitCodes.failed
    await report(new DurableError('DTFX_MESSAGE_NOT_FOUND', { messageId: id }))
  }
  if (ids !== undefined) {
    for (const id of ids) await one(id)
    return code
  }
  // The list is read to its end first: a message that is replayed may be set aside again, and would come round for ever.
  const all: string[] = []
  for await (const { id } of session.require('quarantine', what).list()) all.push(id)
  for (const id of all) await one(id)
  if (all.length === 0) await session.note('The quarantine is empty.')
  return code
}

/** Undefined: all. @throws DTFX_INVALID_OPTION */
function idsOf({ args, options }: Given<ManyOptions>): readonly string[] | undefined {
  const ids = (args[0] ?? []) as readonly string[]
  if (ids.length === 0 && options.all !== true) throw argumentError('arguments', 'name no message; give ids, or --all')
  if (ids.length > 0 && options.all === true) throw argumentError('arguments', 'name messages and --all; give one of them')
  return options.all === true ? undefined : ids
}
