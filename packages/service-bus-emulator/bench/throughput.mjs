/**
 * Messages per second through the official client, 1 kB bodies, against the built package: in this process, and in a process of its own.
 * `node bench/throughput.mjs [--count 10000] [--rounds 3]` after `pnpm build`. Prints a table of medians, in brackets the slowest and the fastest round.
 * Messages per second of processor time (client and emulator in one process) say the same on a busy machine as on an idle one.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ServiceBusClient } from '@azure/service-bus'
import { startServiceBusEmulator } from '../dist/index.js'

const queues = [{ name: 'plain' }, { name: 'one', requiresSession: true }, { name: 'fifty', requiresSession: true }, { name: 'work' }]
const isServer = process.argv.includes('--serve')
const { values } = parseArgs({ options: { count: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '3' }, serve: { type: 'boolean' } } })
const count = Number(values.count)
const body = { pad: 'x'.repeat(1000) }

/** Runs `task(index)` for each index below `total`, `width` at a time. */
async function pool(total, width, task) {
  let next = 0
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < total) await task(next++)
    }),
  )
}

async function drain(receiver, total, batch) {
  for (let got = 0; got < total; ) {
    const messages = await receiver.receiveMessages(Math.min(batch, total - got), { maxWaitTimeInMs: 5_000 })
    if (messages.length === 0) throw new Error(`stuck at ${got} of ${total}`)
    await Promise.all(messages.map((message) => receiver.completeMessage(message)))
    got += messages.length
  }
}

const subscribe = (receiver, total, options) =>
  new Promise((done, failed) => {
    let seen = 0
    receiver.subscribe({ processMessage: async () => void (++seen === total && done()), processError: async ({ error }) => failed(error) }, options)
  })

/** One case: messages per second. */
async function timed(figures, name, total, action) {
  const startedMs = performance.now()
  const before = process.cpuUsage()
  await action()
  const { user, system } = process.cpuUsage(before)
  const figure = { perSecond: (total / (performance.now() - startedMs)) * 1_000, perCpuSecond: (total / (user + system)) * 1_000_000 }
  figures.set(name, [...(figures.get(name) ?? []), figure])
}

async function sendAndOneSession(client, figures) {
  const sender = client.createSender('one')
  await timed(figures, 'send, one at a time', count / 10, () => pool(count / 10, 1, () => sender.sendMessages({ body, sessionId: 'a' })))
  await timed(figures, 'send, 100 in flight', count, () => pool(count, 100, () => sender.sendMessages({ body, sessionId: 'a' })))
  await timed(figures, 'send, batches of 100', count, () => pool(count / 100, 4, () => sender.sendMessages(Array.from({ length: 100 }, () => ({ body, sessionId: 'a' })))))
  const receiver = await client.acceptSession('one', 'a')
  const rest = count / 2
  const total = count * 2 + count / 10 - rest
  await timed(figures, 'one session: receive 100 and complete', total, () => drain(receiver, total, 100))
  await timed(figures, 'one session: subscribe, one at a time', rest, () => subscribe(receiver, rest))
  await receiver.close()
}

async function fiftySessions(client, figures) {
  const sender = client.createSender('fifty')
  const each = Math.floor(count / 50)
  await timed(figures, '50 sessions: send, receive and complete', each * 50, async () => {
    const sent = pool(each * 50, 100, (index) => sender.sendMessages({ body, sessionId: `s${index % 50}` }))
    const received = Array.from({ length: 50 }, async (_, index) => {
      const receiver = await client.acceptSession('fifty', `s${index}`)
      await drain(receiver, each, 20)
      await receiver.close()
    })
    await Promise.all([sent, ...received])
  })
}

async function workers(client, figures) {
  const sender = client.createSender('work')
  const receiver = client.createReceiver('work')
  await timed(figures, 'queue: send, subscribe 50 and complete', count, async () => {
    const done = subscribe(receiver, count, { maxConcurrentCalls: 50 })
    await Promise.all([pool(count, 100, () => sender.sendMessages({ body })), done])
  })
  await receiver.close()
}

async function round(connectionString, figures) {
  const client = new ServiceBusClient(connectionString)
  await sendAndOneSession(client, figures)
  await fiftySessions(client, figures)
  await workers(client, figures)
  await client.close()
}

async function inProcess(figures) {
  const emulator = await startServiceBusEmulator({ queues })
  await round(emulator.connectionString, figures)
  await emulator.close()
}

async function ownProcess(figures) {
  const child = fork(fileURLToPath(import.meta.url), ['--serve'])
  const connectionString = await new Promise((started) => child.once('message', started))
  await round(connectionString, figures)
  child.disconnect()
}

const shown = (figures, field) => {
  const sorted = figures.map((figure) => figure[field]).sort((a, b) => a - b)
  const text = (value) => Math.round(value).toLocaleString('en').replaceAll(',', ' ')
  return `${text(sorted[Math.floor(sorted.length / 2)])} (${text(sorted[0])} – ${text(sorted.at(-1))})`
}

if (isServer) {
  const emulator = await startServiceBusEmulator({ queues })
  process.on('disconnect', () => void emulator.close().then(() => process.exit()))
  process.send(emulator.connectionString)
} else {
  const [inside, outside] = [new Map(), new Map()]
  await inProcess(new Map())
  for (let turn = 0; turn < Number(values.rounds); turn++) {
    await inProcess(inside)
    await ownProcess(outside)
  }
  console.log('| 1 kB bodies | messages/s, in process | per second of processor time | messages/s, own process |\n|---|---|---|---|')
  for (const [name, figures] of inside) console.log(`| ${name} | ${shown(figures, 'perSecond')} | ${shown(figures, 'perCpuSecond')} | ${shown(outside.get(name), 'perSecond')} |`)
  console.log(`\nNode ${process.version}, ${count} messages, ${values.rounds} rounds`)
}
