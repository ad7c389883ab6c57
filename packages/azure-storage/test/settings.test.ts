/** Options: what is accepted, what they become, what is refused and how that is said. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { TokenCredential } from '@azure/core-auth'
import type { Duration } from '@dtfx/core/provider'
import { createOrchestrationService, type AzureStorageOptions, type AzureStorageService } from '@dtfx/azure-storage'
import { readSettings } from '../src/settings.js'

const credential: TokenCredential = { getToken: async () => null }

it('has types', () => {
  expectTypeOf<AzureStorageOptions['connectionString']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<AzureStorageOptions['credential']>().toEqualTypeOf<TokenCredential | undefined>()
  expectTypeOf<AzureStorageOptions['controlQueueLock']>().toEqualTypeOf<Duration | undefined>()
  expectTypeOf<AzureStorageOptions['localActivities']>().toEqualTypeOf<boolean | undefined>()
  expectTypeOf(createOrchestrationService).returns.toEqualTypeOf<AzureStorageService>()
  // @ts-expect-error The name is taskHub.
  const misspelt: AzureStorageOptions = { taskhub: 'Orders' }
  expect(() => readSettings(misspelt)).toThrow("'taskhub' is not known")
})

describe('the account', () => {
  it.each<[string, AzureStorageOptions, string]>([
    ['without options is an emulator on this machine', {}, 'http://127.0.0.1:10001/devstoreaccount1'],
    ['is that of the connection string', { connectionString: 'AccountName=acme;AccountKey=a2V5' }, 'https://acme.queue.core.windows.net'],
    ['is that of the name, with a credential', { accountName: 'acme', credential, endpointSuffix: 'core.chinacloudapi.cn' }, 'https://acme.queue.core.chinacloudapi.cn'],
  ])('%s', (_, options, url) => expect(createOrchestrationService(options).account.queueUrl).toBe(url))

  it.each<[string, AzureStorageOptions, string]>([
    ['a credential alone', { credential }, "'accountName' is missing"],
    ['a name alone', { accountName: 'acme' }, "'credential' is missing"],
    ['both kinds', { connectionString: 'UseDevelopmentStorage=true', credential }, "'connectionString' is given beside accountName or credential"],
    ['a connection string without a key', { connectionString: 'AccountName=acme' }, 'has neither AccountKey nor SharedAccessSignature'],
    ['a hub that no table can be named after', { taskHub: 'my-hub' }, "'taskHub' has the wrong form"],
    ['renewals that come too late', { leaseInterval: '10s', leaseRenewInterval: '6s' }, "'leaseRenewInterval' is 6000 ms; give at most half of leaseInterval (10000 ms)"],
  ])('is refused: %s', (_, options, text) => expect(() => readSettings(options)).toThrow(text))

  it('never shows its key', () => {
    const service = createOrchestrationService({ connectionString: 'AccountName=acme;AccountKey=c2VjcmV0', taskHub: 'Orders' })
    expect(service.location).toBe("task hub 'Orders' of account 'acme' (acme.table.core.windows.net)")
    const text = JSON.stringify(createOrchestrationService({ connectionString: 'AccountName=acme;AccountKey=c2VjcmV0' }).account)
    expect(text).not.toContain('c2VjcmV0')
  })
})
