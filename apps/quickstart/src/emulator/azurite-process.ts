/**
 * A storage emulator (Azurite) as a child process, with its data in a folder.
 *
 * Invariants:
 * 1. It ends with this process, however that ends, and closes its files before it does: it watches the channel between the two.
 * 2. Ctrl+C in the terminal does not reach it: the run is left in order first.
 * 3. Two never have one folder: who comes while an emulator that lost its process is closing waits for it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { UserError } from '../user-error.js'
import type { EmulatorPlace } from './emulator-place.js'
import { isAlive } from './is-alive.js'
import { probePorts } from './probe-ports.js'

export interface AzuriteProcess {
  /** Closes its files and ends. */
  stop(): Promise<void>
}

const startTimeoutMs = 60_000
const stopTimeoutMs = 15_000
const lookEveryMs = 50

/** Azurite closes when it is told so; before it listens to that, and when closing takes too long, it just ends. */
const endWithParent = `data:text/javascript,${encodeURIComponent('process.on("disconnect",()=>{if(!process.emit("message","shutdown"))process.exit();setTimeout(()=>process.exit(),10000).unref()})')}`

/** @throws UserError when it does not start */
export async function startAzurite({ host, ports }: EmulatorPlace, folder: string): Promise<AzuriteProcess> {
  await mkdir(folder, { recursive: true })
  const logFile = join(folder, 'azurite.log')
  const child = spawnAzurite({ host, ports }, folder, logFile)
  await writeFile(processFile(folder), JSON.stringify({ pid: child.pid, owner: process.pid }))
  const endMs = performance.now() + startTimeoutMs
  while ([...(await probePorts({ host, ports })).values()].some((state) => state !== 'emulator')) {
    if (hasEnded(child) || performance.now() > endMs) {
      await stop(child)
      throw new UserError(`The storage emulator did not start; ${logFile} says why.`)
    }
    await pause(lookEveryMs)
  }
  return { stop: () => stop(child) }
}

/** Waits for an emulator of this folder whose quickstart was killed, until it has closed its files. */
export async function untilLeftOneEnded(folder: string): Promise<void> {
  const text = await readFile(processFile(folder), 'utf8').catch(() => undefined)
  if (text === undefined) return
  const { pid, owner } = JSON.parse(text) as { pid: number; owner: number }
  const endMs = performance.now() + stopTimeoutMs
  while (isAlive(pid) && !isAlive(owner) && performance.now() < endMs) await pause(lookEveryMs)
}

function spawnAzurite({ host, ports }: EmulatorPlace, folder: string, logFile: string): ChildProcess {
  const entry = join(dirname(createRequire(import.meta.url).resolve('azurite/package.json')), 'dist/src/azurite.js')
  const hosts = ['blob', 'queue', 'table'].flatMap((service) => [`--${service}Host`, host])
  const portOptions = Object.entries(ports).flatMap(([service, port]) => [`--${service}Port`, String(port)])
  const options = ['--location', folder, '--silent', '--skipApiVersionCheck', '--disableTelemetry', ...hosts, ...portOptions]
  const log = openSync(logFile, 'a')
  try {
    return spawn(process.execPath, ['--import', endWithParent, entry, ...options], { stdio: ['ignore', log, log, 'ipc'], detached: true })
  } finally {
    closeSync(log)
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.connected) child.disconnect()
  const endMs = performance.now() + stopTimeoutMs
  while (!hasEnded(child)) {
    if (performance.now() > endMs) child.kill('SIGKILL')
    await pause(lookEveryMs)
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

function processFile(folder: string): string {
  return join(folder, 'process.json')
}
