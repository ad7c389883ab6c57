/** What tells a person where a task hub is, and whether it is there. */
import { createOrchestrationService } from '@dtfx/service-bus'
import { expect, it } from 'vitest'
import { useBed } from './bed.js'

const bed = useBed()

it('the hub is there from its creation to its end', async () => {
  const service = bed.open()
  expect(await service.hubExists()).toBe(false)
  await service.createHub()
  expect(await service.hubExists()).toBe(true)
  await service.deleteHub()
  expect(await service.hubExists()).toBe(false)
})

it.each([
  ['Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=secret', 'acme.servicebus.windows.net'],
  ['SharedAccessKeyName=k;SharedAccessKey=secret; endpoint = sb://127.0.0.1:5672 ;UseDevelopmentEmulator=true', '127.0.0.1:5672'],
])('the place of %s is told without its key', async (connectionString, host) => {
  const service = createOrchestrationService({ connectionString, taskHub: 'Orders', instanceStore: false })
  expect(service.location).toBe(`task hub 'Orders' in namespace '${host}'`)
  await service.close()
})
