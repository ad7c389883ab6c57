/** Who listens on the ports of an emulator: it says its name in every answer. */
import type { EmulatorPlace } from './emulator-place.js'

export type PortState = 'free' | 'emulator' | 'other'

const answerTimeoutMs = 5_000

/** By port. */
export async function probePorts({ host, ports }: EmulatorPlace): Promise<ReadonlyMap<number, PortState>> {
  return new Map(await Promise.all(Object.values(ports).map(async (port) => [port, await probe(host, port)] as const)))
}

async function probe(host: string, port: number): Promise<PortState> {
  try {
    const answer = await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(answerTimeoutMs) })
    await answer.body?.cancel()
    return answer.headers.get('server')?.startsWith('Azurite') === true ? 'emulator' : 'other'
  } catch (error) {
    return codesOf(error).includes('ECONNREFUSED') ? 'free' : 'other'
  }
}

/** `fetch` hides the code of the connection in the cause, under `localhost` in the causes of both addresses. */
function codesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return []
  const inner = error instanceof AggregateError ? error.errors : [error.cause]
  return [(error as NodeJS.ErrnoException).code, ...inner.flatMap(codesOf)]
}
