/** The options that select instances: the same for a list and for what is done to many at once. */
import { InvalidArgumentError, type Command } from 'commander'
import type { OrchestrationStatus, QueryFilter } from '@dtfx/core'
import { statusNumbers } from '@dtfx/core/provider'
import { timeText } from '../format/duration-text.js'
import { timeArgument } from './time-argument.js'

export interface FilterOptions {
  readonly status?: readonly OrchestrationStatus[]
  readonly name?: string
  readonly orchestrationVersion?: string
  readonly idPrefix?: string
  readonly tag?: Readonly<Record<string, string>>
  readonly parent?: string
  readonly roots?: true
  readonly createdAfter?: Date
  readonly createdBefore?: Date
  readonly completedAfter?: Date
  readonly completedBefore?: Date
}

const statuses = Object.keys(statusNumbers) as OrchestrationStatus[]

export function addFilterOptions(command: Command, nowMs: number): Command {
  const time = timeArgument(nowMs)
  return command
    .option('-s, --status <status>', `one or more of ${statuses.join(', ')}; separated by commas, or repeated`, statusArgument)
    .option('-n, --name <name>', 'name of the orchestration')
    .option('--orchestration-version <version>', 'version of the orchestration')
    .option('--id-prefix <text>', 'beginning of the instance id')
    .option('-t, --tag <key=value>', 'a tag; repeated: all of them', tagArgument)
    .option('--parent <id>', 'children of this instance')
    .option('--roots', 'instances that are no children')
    .option('--created-after <time>', 'a time, or how long ago: 30s, 15m, 2h, 7d', time)
    .option('--created-before <time>', 'likewise', time)
    .option('--completed-after <time>', 'likewise', time)
    .option('--completed-before <time>', 'likewise', time)
}

/** @throws InvalidArgumentError */
export function statusArgument(text: string, before: readonly OrchestrationStatus[] = []): OrchestrationStatus[] {
  const found = text.split(',').map((part) => {
    const status = statuses.find((each) => each.toLowerCase() === part.trim().toLowerCase())
    if (status === undefined) throw new InvalidArgumentError(`Give one or more of ${statuses.join(', ')}.`)
    return status
  })
  return [...new Set([...before, ...found])]
}

/** @throws InvalidArgumentError */
export function tagArgument(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('Give key=value.')
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) }
}

export function filterOf(options: FilterOptions): QueryFilter {
  const { status, name, orchestrationVersion, idPrefix, tag, parent, roots, createdAfter, createdBefore, completedAfter, completedBefore } = options
  const filter = { status, name, version: orchestrationVersion, idPrefix, tags: tag, parent: roots === true ? null : parent, createdAfter, createdBefore, completedAfter, completedBefore }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

/** For a question: ` with status Failed, created before 2026-…`; empty for no filter. */
export function describeFilter({ status, name, version, idPrefix, tags, parent, ...times }: QueryFilter): string {
  const time = (key: 'createdAfter' | 'createdBefore' | 'completedAfter' | 'completedBefore', words: string): string[] => (times[key] === undefined ? [] : [`${words} ${timeText(times[key])}`])
  const parts = [
    ...(status === undefined ? [] : [`status ${[status].flat().join(' or ')}`]),
    ...(name === undefined ? [] : [`name '${typeof name === 'string' ? name : name.name}'`]),
    ...(version === undefined ? [] : [`version '${version}'`]),
    ...(idPrefix === undefined ? [] : [`an id that begins with '${idPrefix}'`]),
    ...Object.entries(tags ?? {}).map(([key, value]) => `tag ${key}=${value}`),
    ...(parent === undefined ? [] : [parent === null ? 'no parent' : `parent '${parent}'`]),
    ...time('createdAfter', 'created at or after'),
    ...time('createdBefore', 'created before'),
    ...time('completedAfter', 'completed at or after'),
    ...time('completedBefore', 'completed before'),
  ]
  return parts.length === 0 ? '' : ` with ${parts.join(', ')}`
}
