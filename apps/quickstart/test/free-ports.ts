/** Ports of this machine that nobody has at the moment, for an emulator of the test's own. */
import { createServer, type AddressInfo, type Server } from 'node:net'
import { onTestFinished } from 'vitest'

const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** Something that is no emulator. */
export async function listen(port = 0): Promise<Server> {
  const server = createServer((socket) => void socket.end('SSH-2.0-none\r\n'))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return server
}

export const portOf = (server: Server): number => (server.address() as AddressInfo).port

/** Three ports that nobody has at the moment. */
export async function freePorts(): Promise<number[]> {
  const servers = await Promise.all([0, 0, 0].map(listen))
  const ports = servers.map(portOf)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Of an account of an emulator on these ports. */
export function connectionString([blob, queue, table]: readonly number[]): string {
  const endpoint = (service: string, port: number | undefined): string => `${service}Endpoint=http://127.0.0.1:${port}/devstoreaccount1`
  return `AccountName=devstoreaccount1;AccountKey=${key};${endpoint('Blob', blob)};${endpoint('Queue', queue)};${endpoint('Table', table)}`
}
