/**
 * .NET's OrchestrationState, which Service Bus sends to its tracking queue inside a HistoryState event ↔ our `InstanceState`.
 * Two differences are bridged here: .NET has a completion time also while an instance runs (a date far in the future, or none at all), and it
 * repeats the failure as text in `Output`. Sizes, which we do not keep, are extras; without them 0 is written.
 */
import type { Ticks } from '../base/ticks.js'
import { failureText } from '../errors/failure-details.js'
import type { InstanceState, OrchestrationInstance } from '../model/instance.js'
import { defaultDate } from './wire-date.js'
import { typedObject, type WireFlavour } from './wire-flavour.js'
import type { WireObject } from './wire-json.js'
import { date, integer, readObject, status, text, type WireKind } from './wire-kinds.js'
import { layout, optional, readMembers, required, writeExtra, writeMember } from './wire-layout.js'
import * as parts from './wire-parts.js'

/** .NET's completion time of what is not complete: `DateTime.MaxValue` less a day. */
const notCompleted: Ticks = '9999-12-30T23:59:59.9999999Z'

const sizes = { CompressedSize: 0, Size: 0 } as const

const stateLayout = layout(
  [
    optional('CompletedTime', 'completedAt', date, notCompleted),
    optional('CompressedSize', 'compressedSize', integer, sizes.CompressedSize),
    required('CreatedTime', 'createdAt', date, defaultDate),
    optional('Input', 'input', text),
    required('LastUpdatedTime', 'lastUpdatedAt', date, defaultDate),
    required('Name', 'name', text),
    required('OrchestrationInstance', 'instance', parts.instance),
    required('OrchestrationStatus', 'status', status),
    optional('Output', 'output', text),
    optional('ParentInstance', 'parent', parts.parent),
    optional('Size', 'size', integer, sizes.Size),
    optional('Status', 'customStatus', text),
    optional('Tags', 'tags', parts.tags),
    optional('Version', 'version', text),
    optional('Generation', 'generation', integer),
    optional('ScheduledStartTime', 'scheduledStartAt', date),
    optional('FailureDetails', 'failure', parts.failure),
  ],
)

type StateOnWire = Omit<InstanceState, 'generation' | 'instanceId' | 'executionId'> & {
  readonly instance: OrchestrationInstance
  readonly generation?: number
  readonly size?: number
  readonly compressedSize?: number
}

export function stateFromWire(value: unknown, what: string): InstanceState {
  return state.read(value, what, '') as InstanceState
}

export function stateToWire(value: InstanceState, flavour: WireFlavour): WireObject {
  return state.write(value, flavour) as WireObject
}

export const state: WireKind<InstanceState> = {
  read(value, parent, name) {
    const read: Record<string, unknown> = {}
    const source = readObject(value, parent, name)
    readMembers(stateLayout, source, read, name === '' ? parent : `${parent}.${name}`)
    const { instance, generation, size, compressedSize, completedAt, output, extra, ...same } = read as unknown as StateOnWire
    const kept = { ...(compressedSize ? { CompressedSize: compressedSize } : undefined), ...(size ? { Size: size } : undefined), ...extra }
    return {
      instanceId: instance.instanceId,
      executionId: instance.executionId ?? '',
      ...same,
      generation: generation ?? 0,
      ...(completedAt === undefined || isPlaceholder(completedAt) ? undefined : { completedAt }),
      ...(output === undefined || isRepeated(output, same) ? undefined : { output }),
      ...(Object.keys(kept).length === 0 ? undefined : { extra: kept }),
    }
  },
  write(value, flavour) {
    const { instanceId, executionId, generation, ...same } = value
    const source = {
      ...same,
      instance: { instanceId, ...(executionId === '' ? undefined : { executionId }) },
      output: value.output ?? (value.failure === undefined ? undefined : failureText(value.failure)),
      generation: generation === 0 ? undefined : generation,
      size: value.extra?.['Size'],
      compressedSize: value.extra?.['CompressedSize'],
    }
    const wire = typedObject(flavour, 'OrchestrationState')
    for (const member of stateLayout.members) writeMember(member, source, wire, flavour)
    writeExtra(stateLayout, value.extra, wire)
    return wire
  },
}

function isPlaceholder(completedAt: Ticks): boolean {
  return completedAt.startsWith('9999-') || completedAt.startsWith('0001-')
}

/** .NET's `Output` of a failed instance is the text of its failure. */
function isRepeated(output: string, { failure }: Pick<InstanceState, 'failure'>): boolean {
  return failure !== undefined && output === failureText(failure)
}
