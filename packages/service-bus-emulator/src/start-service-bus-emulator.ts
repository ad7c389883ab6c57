/** Starts an emulator: puts broker, fronts, faults and store together, and listens. */
import { randomBytes } from 'node:crypto'
import { AdminFront } from './admin/admin-front.js'
import { AmqpFront } from './amqp/amqp-front.js'
import type { AmqpHost } from './amqp/amqp-host.js'
import { contentEditor } from './amqp/application-properties.js'
import { Authorizer } from './amqp/authorizer.js'
import { createTokenSource } from './amqp/lock-tokens.js'
import { Broker } from './broker/broker.js'
import { noJournal } from './broker/journal.js'
import { systemClock } from './clock/system-clock.js'
import { emulatorSettings, type EmulatorOptions } from './config/emulator-options.js'
import { FaultPlan } from './faults/fault-plan.js'
import { Listener } from './listener.js'
import { RunningEmulator } from './running-emulator.js'
import type { ServiceBusEmulator } from './service-bus-emulator.js'

/** Throws an `EmulatorError`: `DTFX_EMULATOR_OPTIONS`, `DTFX_EMULATOR_PORT`, `DTFX_EMULATOR_FILE`, `DTFX_EMULATOR_FILE_CORRUPT`. */
export async function startServiceBusEmulator(options: EmulatorOptions = {}): Promise<ServiceBusEmulator> {
  const settings = emulatorSettings(options)
  const { log, host, port, tls } = settings
  const clock = settings.clock ?? systemClock
  const broker = new Broker({ clock, journal: noJournal, editor: contentEditor, newLockToken: createTokenSource(), log })
  for (const queue of settings.queues) broker.createQueue(queue)
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
  await listener.start()
  const emulator = new RunningEmulator({ settings, broker, amqp, listener, switches })
  log?.(`listening on ${host}:${listener.port}`)
  return emulator
}
