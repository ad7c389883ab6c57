/** The hub as its parts see it. */
import { dtfxError, type Clock, type InstanceId } from '@dtfx/core/provider'
import type { HubFile } from './file/hub-file.js'
import type { Transaction } from './file/transaction.js'
import type { SqliteSettings } from './settings.js'
import type { Work } from './work.js'

/** Wants to know when nobody waits for its instance any more. */
export interface InstanceListener {
  readonly instanceId: InstanceId
  checkInstance(): Promise<void>
}

export interface HubAccess {
  readonly clock: Clock
  readonly settings: SqliteSettings
  readonly file: HubFile
  readonly work: Work
  readonly isClosed: boolean
  /**
   * Runs `run` in the next group, and resolves when it is committed. `durable: false`: only other processes need to see it; power may fail over it.
   * @throws DTFX_CLOSED, DTFX_FILE_…
   */
  write<T>(run: (transaction: Transaction) => T, options?: { readonly durable?: boolean }): Promise<T>
  /** A commit changed what others see of the instance. */
  instanceChanged(instanceId: InstanceId): void
  listen(listener: InstanceListener): void
  unlisten(listener: InstanceListener): void
  /** Something that goes wrong between two calls. */
  report(error: unknown): void
}

/** Calls on a closed service are refused. @throws DTFX_CLOSED */
export function checkOpen(hub: Pick<HubAccess, 'isClosed'>): void {
  if (hub.isClosed) throw dtfxError('DTFX_CLOSED')
}
