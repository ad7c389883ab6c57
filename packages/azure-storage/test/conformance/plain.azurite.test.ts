import { conformance } from '@dtfx/testing/conformance'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { startAzurite, type Azurite } from '../azurite.js'
import { openHub } from './open-hub.js'

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()))
afterAll(() => azurite.stop())

const { capabilities } = openHub('UseDevelopmentStorage=true')

conformance({ describe, test, name: 'azure-storage', variants: ['plain'], capabilities, timeoutMs: 60_000, open: (host) => openHub(azurite.connectionString, {}, host) })
