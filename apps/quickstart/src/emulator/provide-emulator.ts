/** Sees to it that a storage emulator listens where the run expects one: one that is there is used, where nothing is one is started. */
import type { OrchestrationService } from '@dtfx/core'
import { UserError } from '../user-error.js'
import { startAzurite, untilLeftOneEnded, type AzuriteProcess } from './azurite-process.js'
import { emulatorPlaceOf, type AccountPlace } from './emulator-place.js'
import { probePorts } from './probe-ports.js'

/** What was started; undefined: nothing, because the account is elsewhere or an emulator listens. @throws UserError */
export async function provideEmulator(service: OrchestrationService, folder: string, say: (line: string) => void): Promise<AzuriteProcess | undefined> {
  const account = hasAccount(service) ? service.account : undefined
  const place = account === undefined ? undefined : emulatorPlaceOf(account)
  if (place === undefined) return undefined
  await untilLeftOneEnded(folder)
  const states = await probePorts(place)
  const portsThat = (wanted: string): string => [...states].flatMap(([port, state]) => (state === wanted ? [port] : [])).join(', ')
  const [others, emulators, free] = [portsThat('other'), portsThat('emulator'), portsThat('free')]
  if (others !== '') {
    throw new UserError(`No storage emulator can be started: something else listens on port ${others} of ${place.host}. Stop it, or give another account by --connection-string.`)
  }
  if (emulators !== '' && free !== '') {
    throw new UserError(`A storage emulator listens on port ${emulators} of ${place.host}, but nothing on ${free}: start all its services (blob, queue, table), or stop it, and one is started for you.`)
  }
  if (free === '') return undefined
  say(`No storage emulator listens on ${place.host}, port ${free}: Azurite is started there for this run, with its data in ${folder}`)
  return startAzurite(place, folder)
}

function hasAccount(service: OrchestrationService): service is OrchestrationService & { readonly account: AccountPlace | undefined } {
  return 'account' in service
}
