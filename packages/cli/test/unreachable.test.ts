/** A store that does not answer: the command says so soon. */
import { createServer, type AddressInfo } from 'node:net'
import { createOrchestrationService } from '@dtfx/azure-storage'
import { systemClock } from '@dtfx/core/provider'
import { expect, it } from 'vitest'
import { CommandBench } from './command-bench.js'

/** A port of this machine at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

it('is told after the tries of one request', async () => {
  const host = `http://127.0.0.1:${await closedPort()}/devstoreaccount1`
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=${host};QueueEndpoint=${host};TableEndpoint=${host};`
  const service = createOrchestrationService({ connectionString, taskHub: 'Orders' })
  const { code, stderr } = await new CommandBench(service, { clock: systemClock }).run('list')
  expect(code).toBe(1)
  expect(stderr).toMatch(/DTFX_(TRANSIENT|AMBIGUOUS)/)
  // The tries of one request, and no more: those of a client would be five times as many.
  expect(Object.values(service.requests).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(5)
  await service.close()
}, 60_000)
