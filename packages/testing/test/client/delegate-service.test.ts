import { delegateService, type OrchestrationService } from '@dtfx/core/provider'
import { createOrchestrationService } from '@dtfx/testing/memory'
import { expect, expectTypeOf, it } from 'vitest'

it('passes on every member of the inner service, methods with their own `this`', async () => {
  const inner: OrchestrationService = createOrchestrationService({})
  const outer = delegateService(inner, {})
  for (const key of ['name', 'capabilities', 'host', 'converter', 'client', 'query', 'history', 'purge', 'quarantine', 'scale'] as const) expect(outer[key], key).toBe(inner[key])
  await outer.createHub()
  await (await outer.startWorker({ orchestrations: [], activities: [] } as never)).stop(0)
  await outer.deleteHub()
  await outer.close()
})

it('takes what is given instead, `undefined` included', () => {
  const outer = delegateService(createOrchestrationService({}), { name: 'outer', query: undefined })
  expect(outer.name).toBe('outer')
  expect(outer.query).toBeUndefined()
  expectTypeOf(delegateService).returns.toEqualTypeOf<OrchestrationService>()
})
