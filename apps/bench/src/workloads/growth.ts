/**
 * Growth: hello-sequence-5 in files that hold 1 000, 100 000, … finished instances, up to `count`. Each size has a file and a worker of its own, and the sizes run in turn, so that the machine treats them alike.
 */
import type { Measurement, Side, SideOptions, Workload } from '../measurement.js'
import { helloSequence } from '../ours/definitions.js'
import { openDtfx, openSession } from '../ours/dtfx.js'
import { fillFile } from '../sqlite/fill-file.js'
import { isSqlite, openSqliteHub } from '../sqlite/hub.js'
import { helloSide } from './hello-sequence-5.js'

const sizes = [1_000, 100_000, 1_000_000]
const orchestrationsPerRun = 1_000

export const growth: Workload = {
  name: 'growth',
  summary: 'hello-sequence-5 in files with many finished instances (sqlite)',
  counts: 'finished instances of the largest file',
  defaultCount: 20_000,
  defaultRuns: 3,
  open: async (options) => {
    if (!isSqlite(options)) throw new Error(`not applicable: files that grow are those of provider sqlite, not of ${options.provider}`)
    const { count } = options
    const sides: (readonly [number, Side])[] = []
    const close = async (): Promise<void> => {
      for (const [, side] of sides) await side.close()
    }
    try {
      for (const size of [...sizes.filter((each) => each < count), count]) sides.push([size, await openFilled(options, size)])
    } catch (error) {
      await close()
      throw error
    }
    return { run: () => runAll(sides), close }
  },
}

async function runAll(sides: readonly (readonly [number, Side])[]): Promise<Measurement[]> {
  const rows: Measurement[] = []
  for (const [size, side] of sides) rows.push(...(await side.run()).map((row) => ({ ...row, case: `${size}-finished` })))
  return rows
}

async function openFilled({ count: _count, ...setup }: SideOptions, size: number): Promise<Side> {
  const hub = openSqliteHub(setup)
  const own: SideOptions = { ...setup, options: hub.options, count: orchestrationsPerRun }
  try {
    await fill(own, size)
    const side = helloSide(await openDtfx(own), orchestrationsPerRun)
    return {
      run: () => side.run(),
      close: async () => {
        await side.close()
        await hub.close()
      },
    }
  } catch (error) {
    await hub.close()
    throw error
  }
}

async function fill(setup: SideOptions, size: number): Promise<void> {
  const session = await openSession(setup)
  const handle = await session.client.start(helloSequence)
  await handle.result({ timeout: '60s' })
  await session.close()
  fillFile(String(setup.options?.['file']), handle.instanceId, size)
}
