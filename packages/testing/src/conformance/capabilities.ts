/** The manifest and what is there: each optional port is present exactly when its capability is declared. */
import assert from 'node:assert/strict'
import { DurableError, type TaskHubClient } from '@dtfx/core'
import type { Suite } from './suite.js'

export function capabilitySuite(suite: Suite): void {
  suite.group('capabilities', () => {
    suite.test('the service declares what the suite was told', async (hub) => {
      // Codecs need room of their own: a wrapped service may take smaller payloads.
      assert.deepEqual({ ...hub.service.capabilities, maxPayloadBytes: suite.capabilities.maxPayloadBytes }, suite.capabilities)
      assert.ok(hub.service.capabilities.maxPayloadBytes <= suite.capabilities.maxPayloadBytes)
    })
    for (const port of ['query', 'history', 'purge', 'quarantine', 'scale'] as const) {
      suite.test(`port ${port} is ${suite.capabilities[port] ? 'present' : 'absent'}`, async (hub) => {
        assert.equal(hub.service[port] !== undefined, suite.capabilities[port])
      })
    }
    suite.test('createHub may be called again and changes nothing', async (hub) => {
      await hub.client.start('Unknown', 1, { instanceId: 'stays' })
      await hub.service.createHub()
      assert.equal((await hub.client.state('stays'))?.status, 'Pending')
    })
    suite.test('deleteHub leaves nothing, and may be called again', async (hub) => {
      await hub.client.start('Unknown', 1, { instanceId: 'goes' })
      await hub.service.deleteHub()
      await hub.service.deleteHub()
      await hub.service.createHub()
      assert.equal(await hub.client.state('goes'), undefined)
    })
    if (!suite.capabilities.query) {
      suite.test('a query is refused with DTFX_NOT_SUPPORTED', async (hub) => {
        await assert.rejects(async () => {
          for await (const each of hub.client.query()) assert.fail(each.instanceId)
        }, (error) => DurableError.is(error, 'DTFX_NOT_SUPPORTED'))
      })
    }
    const refused = (error: unknown): boolean => DurableError.is(error, 'DTFX_NOT_SUPPORTED')
    for (const [name, call] of [
      ['history', (client: TaskHubClient) => client.history('any')],
      ['purge', (client: TaskHubClient) => client.purge('any')],
      ['rewind', (client: TaskHubClient) => client.rewind('any')],
    ] as const) {
      if (!suite.capabilities[name]) suite.test(`${name} is refused with DTFX_NOT_SUPPORTED`, async (hub) => assert.rejects(call(hub.client), refused))
    }
    if (suite.capabilities.scale) {
      suite.test('scale metrics count what waits', async (hub) => {
        await hub.client.start('Unknown')
        const metrics = await hub.service.scale?.metrics()
        assert.equal(metrics?.orchestrationBacklog, 1)
        assert.equal(metrics?.activityBacklog, 0)
      })
    }
  })
}
