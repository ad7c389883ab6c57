/** Starts an emulator: puts broker, fronts, faults and store together, and listens. */
import { randomBytes } from 'node:crypto'
import { AdminFront } from './admin/admin-front.js'
import { AmqpFront } from './amqp/amqp-front.js'
import type { AmqpHost } from './amqp/amqp-host.js'
import { contentEditor } from './amqp/application-properties.js'
import { Authorizer } from './amqp/authorizer.js'
import { createTokenSource } from './amqp/lock-tokens.js'
import { Broker } from './broker/broker.js'
import { BrokerError } from './broker/broker-error.js'
import { noJournal } from './broker/journal.js'
import type { QueueSettings } from './broker/queue-settings.js'
import { systemClock } from './clock/system-clock.js'
import { emulatorSettings, type EmulatorOptions } from './config/emulator-options.js'
import { EmulatorError } from './emulator-error.js'
import { FaultPlan } from './faults/fault-plan.js'
import { Listener } from './listener.js'
import { RunningEmulator } from './running-emulator.js'
import type { ServiceBusEmulator } from './service-bus-emulator.js'
import { FileJournal } from './store/file-journal.js'
import { restoreBroker } from './store/restore-broker.js'

/** Throws an `EmulatorError`: `DTFX_EMULATOR_OPTIONS`, `DTFX_EMULATOR_PORT`, `DTFX_EMULATOR_FILE`, `DTFX_EMULATOR_FILE_CORRUPT`. */
export async function startServiceBusEmulator(options: EmulatorOptions = {}): Promise<ServiceBusEmulator> {
  const settings = emulatorSettings(options)
  const { log, host, port, tls } = settings
  const clock = settings.clock ?? systemClock
  const store = settings.file === undefined ? undefined : new FileJournal(settings.file, clock, log)
  const broker = new Broker({ clock, journal: store ?? noJournal, editor: contentEditor, newLockToken: createTokenSource(), log })
  if (store !== undefined) restoreBroker(broker, store.changes())
  for (const queue of settings.queues) provideQueue(broker, queue)
  const switches = { lowerCaseSessionIds: settings.lowerCaseSessionIds === true }
  const amqpHost: AmqpHost = {
    broker,
    plan: new FaultPlan(),
    realClock: systemClock,
    log,
    authorizer: new Authorizer({ name: settings.sharedAccessKeyName, key: settings.sharedAccessKey }, systemClock),
    newMessageId: () => randomBytes(16).toString('hex'),
    lowerCaseSessionIds: () => switches.lowerCaseSessionIds,
  }
  const amqp = new AmqpFront(amqpHost)
  const admin = new AdminFront({ broker, authorizer: amqpHost.authorizer, isSecure: tls !== undefined, log })
  const listener = new Listener({ host, port, tls, log, onAmqp: (socket) => amqp.accept(socket), onHttp: (socket) => admin.accept(socket) })
  try {
    await listener.start()
  } catch (error) {
    broker.close()
    store?.close()
    throw error
  }
  const emulator = new RunningEmulator({ settings, broker, amqp, listener, switches, store })
  log?.(`listening on ${host}:${listener.port}`)
  return emulator
}

/** A queue that a file has kept takes over what may change. */
function provideQueue(broker: Broker, settings: QueueSettings): void {
  const existing = broker.find(settings.name)
  if (existing === undefined) return void broker.createQueue(settings)
  try {
    broker.updateQueue({ ...settings, name: existing.name })
  } catch (error) {
    throw error instanceof BrokerError ? new EmulatorError('DTFX_EMULATOR_OPTIONS', `The queue '${settings.name}' of the file has other options: ${error.message} Delete the file, or the queue, first.`, { cause: error }) : error
  }
}
