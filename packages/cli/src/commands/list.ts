/** `dtfx list`: the instances of a filter, page by page: nothing is kept but the page that is being written. */
import { InvalidArgumentError, type Command } from 'commander'
import type { InstancePage } from '@dtfx/core'
import { addFilterOptions, filterOf, type FilterOptions } from '../arguments/filter-options.js'
import { Columns } from '../format/columns.js'
import { instanceJson } from '../instance/instance-json.js'
import { listColumns, listRow } from '../instance/list-rows.js'
import type { Session } from '../session.js'
import { action, type Context, type Given } from './action.js'

interface ListOptions extends FilterOptions {
  readonly limit: number
  readonly all?: true
  readonly continue?: string
  readonly payloads?: true
}

const defaultLimit = 100
const pageSize = 200

export function addList(program: Command, context: Context): void {
  const command = program.command('list').description('The instances of the task hub, in the order of their ids.')
  addFilterOptions(command, context.host.clock.nowMs())
    .option('-l, --limit <count>', 'at most so many', countArgument, defaultLimit)
    .option('--all', 'without a limit')
    .option('--continue <token>', 'go on where a list was cut')
    .option('--payloads', 'with input and output; --json only')
    .action(action(context, list))
}

async function list(session: Session, { options }: Given<ListOptions>): Promise<void> {
  let left = options.all === true ? Number.POSITIVE_INFINITY : options.limit
  let continuation = options.continue
  let count = 0
  const write = session.asJson ? jsonWriter(session) : tableWriter(session)
  const payloads = options.payloads === true && session.asJson
  do {
    // One page for each query, so that the last one is no larger than what is left: where it ends, the list can go on.
    const { value } = await session.client.query({ ...filterOf(options), pageSize: Math.min(left, pageSize), payloads, continuation }).pages().next()
    const page = value as InstancePage
    await write(page)
    count += page.instances.length
    left -= page.instances.length
    continuation = page.continuation
  } while (continuation !== undefined && left > 0 && !session.host.out.isClosed)
  if (count === 0 && continuation === undefined) await session.note('No such instance.')
  if (continuation === undefined) return
  if (session.asJson) return session.printJson({ continuation })
  await session.note(`There are more: --all, or --continue '${continuation}'`)
}

type Writer = (page: InstancePage) => Promise<void>

function jsonWriter(session: Session): Writer {
  return ({ instances }) => session.write(instances.map((each) => `${JSON.stringify(instanceJson(each))}\n`).join(''))
}

function tableWriter(session: Session): Writer {
  const { host, paint } = session
  const columns = new Columns(listColumns, paint, host.out.width)
  return async ({ instances }) => {
    if (instances.length > 0) await session.write(columns.lines(instances.map((each) => listRow(each, host.clock.nowMs(), paint))))
  }
}

function countArgument(text: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('Give a whole number ≥ 1.')
  return count
}
