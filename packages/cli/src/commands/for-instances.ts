/** What is done to instances by their ids, one after the other, or to all of a filter at once. */
import type { Command } from 'commander'
import { DurableError, type BulkOptions, type BulkReport, type QueryFilter } from '@dtfx/core'
import { addFilterOptions, describeFilter, filterOf, type FilterOptions } from '../arguments/filter-options.js'
import { errorJson } from '../error-text.js'
import { argumentError, exitCodes, type ExitCode } from '../exit-codes.js'
import type { Session } from '../session.js'
import type { Context, Given } from './action.js'

export interface InstancesOptions extends FilterOptions {
  readonly allInstances?: true
}

/** What is done. */
export interface InstancesWork {
  /** For a question: `Terminate all live instances`. */
  readonly question: string
  /** Its answer as text and as JSON. */
  one(instanceId: string): Promise<readonly [text: string, value: unknown]>
  all(filter: QueryFilter, options: BulkOptions): Promise<BulkReport>
}

/** Errors of one instance: the others go on. */
const ofOneInstance = /^DTFX_(INSTANCE|REWIND|INVALID_INSTANCE_ID)/

export function addInstancesArguments(command: Command, context: Context): Command {
  return addFilterOptions(command.argument('[ids...]', 'instance ids; or a filter instead'), context.host.clock.nowMs()).option('--all-instances', 'instead of ids or a filter')
}

export async function forInstances(session: Session, context: Context, given: Given<InstancesOptions>, work: InstancesWork): Promise<ExitCode> {
  const ids = (given.args[0] ?? []) as readonly string[]
  const filter = filterOf(given.options)
  const isFiltered = Object.keys(filter).length > 0 || given.options.allInstances === true
  if (ids.length > 0 && isFiltered) throw argumentError('arguments', 'name instances and a filter; give one of them')
  if (ids.length > 0) return forIds(session, context, ids, work)
  if (!isFiltered) throw argumentError('arguments', 'name no instance; give ids, a filter, or --all-instances')
  return forFilter(session, filter, work)
}

async function forIds(session: Session, { report }: Context, ids: readonly string[], work: InstancesWork): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done
  for (const instanceId of ids) {
    try {
      const [text, value] = await work.one(instanceId)
      await session.answer(text, value)
    } catch (error) {
      if (ids.length === 1 || !DurableError.is(error) || !ofOneInstance.test(error.code)) throw error
      await report(error)
      code = exitCodes.failed
    }
  }
  return code
}

async function forFilter(session: Session, filter: QueryFilter, work: InstancesWork): Promise<ExitCode> {
  if (!(await session.confirm(`${work.question} of ${session.place}${describeFilter(filter)}?`))) return exitCodes.failed
  const report = await session.host.untilInterrupted((signal) => work.all(filter, { signal }))
  const errors = report.errors.map(({ instanceId, error }) => ({ instanceId, ...errorJson(error).error }))
  if (session.asJson) await session.printJson({ ...report, errors })
  else {
    for (const { instanceId, message, code } of errors) await session.host.err.write(`${instanceId}: ${message} [${code}]\n`)
    const { succeeded, failed, aborted } = report
    await session.print(`${succeeded} done, ${failed} failed${aborted ? '; stopped before the end' : ''}`)
  }
  return report.failed > 0 || report.aborted ? exitCodes.failed : exitCodes.done
}
