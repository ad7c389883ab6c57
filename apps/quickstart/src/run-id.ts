/** The id of a run that was given none: the same for the same folder, so that the same command finds its run again. Pure. */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { ScanTarget } from './scan-target.js'

/** Lower case: on Service Bus, ids that differ in case only may be one. */
export function runIdOf({ root, include }: Pick<ScanTarget, 'root' | 'include'>): string {
  const name = basename(root)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)
  const hash = createHash('sha256').update(JSON.stringify([root, include])).digest('hex').slice(0, 8)
  return `${name === '' ? 'run' : name}-${hash}`
}
