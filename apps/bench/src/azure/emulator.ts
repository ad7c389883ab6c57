/**
 * A storage emulator for one measurement: Azurite as a child process on free ports, everything in memory.
 * Invariant: it ends with this process, however that ends: it watches the channel between the two.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export interface Emulator {
  readonly connectionString: string
  close(): Promise<void>
}

interface Ports {
  readonly blob: number
  readonly queue: number
  readonly table: number
}

/** The key of every storage emulator: public, and the same everywhere. */
const developmentKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
const endWithParent = 'data:text/javascript,process.on("disconnect",()=>process.exit())'

/** @throws when it does not start */
export async function startEmulator(): Promise<Emulator> {
  const entry = join(dirname(createRequire(import.meta.url).resolve('azurite/package.json')), 'dist/src/azurite.js')
  const options = ['--inMemoryPersistence', '--silent', '--skipApiVersionCheck', '--disableTelemetry', '--blobPort', '0', '--queuePort', '0', '--tablePort', '0']
  const child = spawn(process.execPath, ['--import', endWithParent, entry, ...options], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  return { connectionString: connectionStringOf(await listening(child)), close: () => end(child) }
}

function listening(child: ChildProcess): Promise<Ports> {
  return new Promise((resolve, reject) => {
    let output = ''
    const portOf = (service: string): number => Number(new RegExp(`${service} service is successfully listening at \\S+:(\\d+)\\s`).exec(output)?.[1])
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const ports = { blob: portOf('Blob'), queue: portOf('Queue'), table: portOf('Table') }
      if (Object.values(ports).every(Number.isInteger)) resolve(ports)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the storage emulator ended with ${code}: ${output.trim()}`)))
  })
}

function connectionStringOf({ blob, queue, table }: Ports): string {
  const endpoint = (service: string, port: number): string => `${service}Endpoint=http://127.0.0.1:${port}/devstoreaccount1`
  return `AccountName=devstoreaccount1;AccountKey=${developmentKey};${endpoint('Blob', blob)};${endpoint('Queue', queue)};${endpoint('Table', table)}`
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}
