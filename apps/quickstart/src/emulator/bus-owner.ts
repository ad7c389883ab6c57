/**
 * Which process has the bus of a folder open: two emulators on one file would destroy it. Told by a file beside it.
 * Invariant: an owner that died, however it died, is none.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { isAlive } from './is-alive.js'

export interface BusOwner {
  readonly pid: number
  /** Undefined: it is just starting. */
  readonly connectionString?: string | undefined
}

/** Makes this process the owner; undefined: it is. Else the owner that is there. */
export async function claimBus(file: string): Promise<BusOwner | undefined> {
  for (;;) {
    try {
      await writeFile(file, JSON.stringify({ pid: process.pid } satisfies BusOwner), { flag: 'wx' })
      return undefined
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = await readOwner(file)
    if (owner !== undefined && isAlive(owner.pid) && (owner.connectionString === undefined || (await answers(owner.connectionString)))) return owner
    await rm(file, { force: true })
  }
}

export async function announceBus(file: string, connectionString: string): Promise<void> {
  await writeFile(file, JSON.stringify({ pid: process.pid, connectionString } satisfies BusOwner))
}

export async function releaseBus(file: string): Promise<void> {
  await rm(file, { force: true })
}

async function readOwner(file: string): Promise<BusOwner | undefined> {
  try {
    const owner = JSON.parse(await readFile(file, 'utf8')) as Partial<BusOwner> | null
    return typeof owner?.pid === 'number' ? { pid: owner.pid, connectionString: owner.connectionString } : undefined
  } catch {
    return undefined
  }
}

/** Another process may have the number of one that died. */
async function answers(connectionString: string): Promise<boolean> {
  const { hostname, port } = new URL(/Endpoint=([^;]+)/.exec(connectionString)?.[1]?.replace(/^sb:/, 'http:') ?? 'http://127.0.0.1:1')
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: 2_000 })
    const end = (does: boolean) => (): void => {
      socket.destroy()
      resolve(does)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}
