/** The conformance suite on an emulator of its own; without variants, the test that their histories are equal. Tests run side by side: each has its own hub, and most of their time is waiting. */
import { conformance } from '@dtfx/testing/conformance'
import type { AzureStorageOptions } from '@dtfx/azure-storage'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { startAzurite, type Azurite } from '../azurite.js'
import { openHub } from './open-hub.js'

export function runSuite(name: string, variants: Parameters<typeof conformance>[0]['variants'], options: AzureStorageOptions = {}): void {
  let azurite: Azurite
  beforeAll(async () => void (azurite = await startAzurite()))
  afterAll(() => azurite.stop())
  const { capabilities } = openHub('UseDevelopmentStorage=true')
  conformance({
    describe,
    test: (title, body, timeoutMs) => test.concurrent(title, body, timeoutMs),
    name,
    variants,
    histories: variants?.length === 0,
    capabilities,
    timeoutMs: 120_000,
    keepsHubs: true,
    open: (host, circumstances) => openHub(azurite.connectionString, { ...options, localActivities: circumstances?.localActivities ?? true }, host),
  })
}
