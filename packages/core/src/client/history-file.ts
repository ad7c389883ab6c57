/** A history as a file: what `history()` exports and `replayHistory` of the test kit reads. */
import { dtfxError } from '../errors/durable-error.js'
import type { HistoryEvent } from '../model/events.js'
import { checkInstanceId } from '../model/instance.js'
import type { ClientContext } from './client-context.js'

/** JSON-safe. Payloads are decoded: of a service with encryption it holds them in clear. */
export interface HistoryFile {
  readonly format: 'dtfx-history'
  readonly version: 1
  readonly instanceId: string
  /** Name of the orchestration. */
  readonly name: string
  readonly events: readonly HistoryEvent[]
}

/** The history of the current execution. @throws DTFX_NOT_SUPPORTED, DTFX_INSTANCE_NOT_FOUND */
export async function readHistory(context: ClientContext, instanceId: string): Promise<HistoryFile> {
  checkInstanceId(instanceId)
  const port = context.require('history', 'reading histories')
  const events = await context.call(async () => {
    const read: HistoryEvent[] = []
    for await (const chunk of port.read(instanceId)) read.push(...chunk)
    return read
  })
  const start = events.find((event) => event.type === 'ExecutionStarted')
  const name = start?.name ?? (await context.call(() => context.service.client.getState(instanceId, { payloads: false })))?.name
  if (name === undefined) throw dtfxError('DTFX_INSTANCE_NOT_FOUND', { instanceId })
  return { format: 'dtfx-history', version: 1, instanceId, name, events }
}
