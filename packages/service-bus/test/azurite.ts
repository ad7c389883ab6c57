/** A storage emulator as a child process on free ports, everything in memory. One for each test file. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

export interface Azurite {
  readonly connectionString: string
  readonly ports: { readonly blob: number; readonly queue: number; readonly table: number }
  stop(): Promise<void>
}

export async function startAzurite(): Promise<Azurite> {
  const entry = join(dirname(createRequire(import.meta.url).resolve('azurite/package.json')), 'dist/src/azurite.js')
  const ports = ['--blobPort', '0', '--queuePort', '0', '--tablePort', '0']
  const child = spawn(process.execPath, [entry, '--inMemoryPersistence', '--silent', '--skipApiVersionCheck', '--disableTelemetry', ...ports], { stdio: ['ignore', 'pipe', 'pipe'] })
  const listening = await portsOf(child)
  return { connectionString: connectionStringOf(listening), ports: listening, stop: () => end(child) }
}

/** The connection string of an emulator, or of what stands in front of it. */
export function connectionStringOf(ports: Azurite['ports']): string {
  const endpoint = (name: string, port: number): string => `${name}Endpoint=http://127.0.0.1:${port}/devstoreaccount1`
  return `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${key};${endpoint('Blob', ports.blob)};${endpoint('Queue', ports.queue)};${endpoint('Table', ports.table)}`
}

function portsOf(child: ChildProcess): Promise<Azurite['ports']> {
  return new Promise((resolve, reject) => {
    let output = ''
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const found = (service: string): number | undefined => {
        const port = new RegExp(`${service} service is successfully listening at http://[^:]+:(\\d+)`).exec(output)?.[1]
        return port === undefined ? undefined : Number(port)
      }
      const [blob, queue, table] = [found('Blob'), found('Queue'), found('Table')]
      if (blob !== undefined && queue !== undefined && table !== undefined) resolve({ blob, queue, table })
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`Azurite ended with ${code}: ${output}`)))
  })
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}
