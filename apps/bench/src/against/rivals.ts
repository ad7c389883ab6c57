/** The frameworks that run whole orchestrations beside ours, loaded only when they are asked for. */
import type { Framework } from '../framework.js'
import type { Side, SideOptions } from '../measurement.js'

const openers: Readonly<Record<string, () => Promise<Framework>>> = {
  'durabletask-js': async () => (await import('./durabletask-js/framework.js')).openDurabletask(),
  openworkflow: async () => (await import('./openworkflow/framework.js')).openOpenworkflow(),
  dbos: async () => (await import('./dbos/framework.js')).openDbos(),
}

/** A workload that drives a `Framework`, for each of them. */
export function rivalSides(side: (framework: Framework, count: number) => Side): Readonly<Record<string, (options: SideOptions) => Promise<Side>>> {
  return Object.fromEntries(Object.entries(openers).map(([name, open]) => [name, async ({ count }: SideOptions) => side(await open(), count)]))
}
