/** An instance for a terminal: who it is, why it failed, when it was what, what went in and came out. Pure. */
import { isFinal } from '@dtfx/core/provider'
import type { OrchestrationState } from '@dtfx/core'
import { durationText, relativeText, timeText } from '../format/duration-text.js'
import { failureLines } from '../format/failure-lines.js'
import type { Paint } from '../format/paint.js'
import { payloadText, textOfPayload } from '../format/payload-text.js'
import { printable } from '../format/printable.js'
import { instanceJson, type InstanceJson } from './instance-json.js'
import { statusStyle } from './status-style.js'

export interface InstanceView {
  readonly paint: Paint
  readonly nowMs: number
  /** Payloads and stack traces whole. */
  readonly full: boolean
}

type Field = readonly [label: string, text: string]

export function instanceLines(state: OrchestrationState, view: InstanceView): string[] {
  const { paint, full } = view
  const json = instanceJson(state)
  const heading = `${paint.strong(printable(state.instanceId))}  ${printable(nameOf(json))}  ${statusStyle(state.status, paint)(state.status)}`
  const failure = state.failure === undefined ? [] : ['', paint.strong('Failed because'), ...failureLines(state.failure, paint, full).map((line) => `  ${line}`)]
  const fields = [...timesOf(state, view), ...payloadsOf(json, full), ...originOf(json)]
  const width = Math.max(...fields.map(([label]) => label.length))
  const lines = fields.flatMap(([label, text]) => text.split('\n').map((line, i) => `${paint.dim((i === 0 ? label : '').padEnd(width))}  ${line}`.trimEnd()))
  return [heading, ...failure, '', ...lines]
}

function nameOf({ name, version }: InstanceJson): string {
  return version === undefined || version === '' ? name : `${name} ${version}`
}

function timesOf(state: OrchestrationState, { nowMs, paint }: InstanceView): Field[] {
  const at = (time: Date, more = ''): string => `${timeText(time)}  ${paint.dim(`${relativeText(time.getTime(), nowMs)}${more}`)}`
  const { createdAt, scheduledStartAt, completedAt, lastUpdatedAt } = state
  const started: Field[] = [['Created', at(createdAt)]]
  if (scheduledStartAt !== undefined) started.push(['Starts at', at(scheduledStartAt)])
  if (completedAt !== undefined) return [...started, ['Ended', at(completedAt, `, after ${durationText(completedAt.getTime() - createdAt.getTime())}`)]]
  return isFinal(state.status) ? started : [...started, ['Updated', at(lastUpdatedAt)]]
}

function payloadsOf(json: InstanceJson, full: boolean): Field[] {
  const value = (label: string, key: 'input' | 'output' | 'customStatus'): Field[] => {
    const problem = json.unreadable?.[key]
    if (problem !== undefined) return [[label, `unreadable: ${printable(problem)}`]]
    return json[key] === undefined ? [] : [[label, payloadText(json[key], full)]]
  }
  const reason: Field[] = json.terminationReason === undefined ? [] : [['Reason', textOfPayload(json.terminationReason, full)]]
  return [...value('Input', 'input'), ...value('Output', 'output'), ...reason, ...value('Custom status', 'customStatus')]
}

function originOf({ tags, parent, generation, executionId }: InstanceJson): Field[] {
  const tagList = Object.entries(tags).map(([key, value]) => printable(`${key}=${value}`))
  return [
    ...(tagList.length === 0 ? [] : [['Tags', tagList.join('  ')] as const]),
    ...(parent === undefined ? [] : [['Parent', printable(`${parent.instanceId} (${parent.name})`)] as const]),
    ...(generation === 0 ? [] : [['Generation', String(generation + 1)] as const]),
    ['Execution', printable(executionId)],
  ]
}
