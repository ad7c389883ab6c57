/** A hub of its own for one test under one variant; it is closed whatever happens. */
import { ConformanceHub } from './conformance-hub.js'
import type { ConformanceOptions } from './conformance.js'
import { variant, type VariantName } from './variants.js'

export async function withHub(options: ConformanceOptions, name: VariantName, body: (hub: ConformanceHub) => Promise<void>): Promise<void> {
  const circumstances = variant(name)
  const hub = new ConformanceHub(circumstances.wrap(await options.open(undefined, circumstances)), circumstances, options.showsLate === true)
  try {
    await hub.service.createHub()
    await body(hub)
  } finally {
    await hub.close({ deletes: options.keepsHubs !== true })
  }
}
