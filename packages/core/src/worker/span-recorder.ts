/** Spans of orchestrations and activities: one per execution or attempt, never one per turn or replay. The span of an execution is made when it ends, with the start time of its history. */
import { msFromTicks } from '../base/ticks.js'
import type { CompleteAction } from '../model/actions.js'
import type { ExecutionStartedEvent } from '../model/events.js'
import type { TaskMessage } from '../model/message.js'
import { noTracer, type Span, type Tracer } from '../telemetry/tracer.js'

export class SpanRecorder {
  constructor(readonly tracer: Tracer) {}

  orchestration(start: ExecutionStartedEvent, end: CompleteAction): void {
    if (this.tracer === noTracer) return
    const span = this.tracer.start({
      name: spanName('orchestration', start.name, start.version),
      kind: 'server',
      parent: start.parentTraceContext,
      startMs: msFromTicks(start.timestamp),
      attributes: { 'durabletask.type': 'orchestration', 'durabletask.task.name': start.name, 'durabletask.task.instance_id': start.instance.instanceId, 'durabletask.task.status': end.status },
    })
    span.end(end.status === 'Failed' ? { message: end.failure?.errorMessage ?? 'failed' } : end.status === 'Terminated' ? { message: 'Terminated' } : undefined)
  }

  activity(message: TaskMessage, name: string): Span | undefined {
    if (this.tracer === noTracer || message.event.type !== 'TaskScheduled') return undefined
    return this.tracer.start({
      name: spanName('activity', name, message.event.version),
      kind: 'server',
      parent: message.event.parentTraceContext,
      attributes: { 'durabletask.type': 'activity', 'durabletask.task.name': name, 'durabletask.task.instance_id': message.instance.instanceId, 'durabletask.task.task_id': message.event.eventId },
    })
  }
}

function spanName(kind: string, name: string, version: string | undefined): string {
  return version === undefined || version === '' ? `${kind}:${name}` : `${kind}:${name}@(${version})`
}
