/** An emulator with a certificate: clients connect as to the real service, over TLS, also for administration. The client takes trusted certificates from the environment only, so that it runs in a process of its own. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startServiceBusEmulator } from '@dtfx/service-bus-emulator'
import { ServiceBusClient } from '@azure/service-bus'
import { describe, expect, it } from 'vitest'
import { failureOf } from './test-bed.js'

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const tls = { cert: readFileSync(path('tls/localhost-cert.pem'), 'utf8'), key: readFileSync(path('tls/localhost-key.pem'), 'utf8') }

const program = `
import { ServiceBusAdministrationClient, ServiceBusClient } from '@azure/service-bus'
const [connectionString] = process.argv.slice(1)
const admin = new ServiceBusAdministrationClient(connectionString)
await admin.createQueue('made', { requiresSession: true })
const client = new ServiceBusClient(connectionString)
await client.createSender('made').sendMessages({ body: 'secret', sessionId: 'a' })
const receiver = await client.acceptNextSession('made')
const [message] = await receiver.receiveMessages(1)
await receiver.completeMessage(message)
await client.close()
console.log(message.body)
`

function run(connectionString: string): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, connectionString], { cwd: path('..'), env: { ...process.env, NODE_EXTRA_CA_CERTS: path('tls/localhost-cert.pem') } })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.on('error', failed)
    child.on('close', (code) => (code === 0 ? done(output.trim()) : failed(new Error(output))))
  })
}

describe('TLS', () => {
  it('serves messages and administration on one port', async () => {
    await using emulator = await startServiceBusEmulator({ tls, host: 'localhost' })
    expect(emulator.connectionString).not.toContain('UseDevelopmentEmulator')
    expect(await run(emulator.connectionString)).toBe('secret')
  })

  it('refuses clients that do not encrypt, and goes on', async () => {
    const lines: string[] = []
    await using emulator = await startServiceBusEmulator({ tls, host: 'localhost', queues: [{ name: 'q' }], log: (line) => lines.push(line) })
    const plain = new ServiceBusClient(`${emulator.connectionString};UseDevelopmentEmulator=true`, { retryOptions: { maxRetries: 0, timeoutInMs: 2_000 } })
    await failureOf(plain.createSender('q').sendMessages({ body: 1 }))
    void plain.close()
    expect(lines.join('\n')).toMatch(/it is not encrypted, and this emulator uses TLS/)
  })

  it('is refused where it is not offered, with what to do', async () => {
    const lines: string[] = []
    await using emulator = await startServiceBusEmulator({ queues: [{ name: 'q' }], log: (line) => lines.push(line) })
    const encrypted = new ServiceBusClient(emulator.connectionString.replace(';UseDevelopmentEmulator=true', ''), { retryOptions: { maxRetries: 0, timeoutInMs: 2_000 } })
    await failureOf(encrypted.createSender('q').sendMessages({ body: 1 }))
    void encrypted.close()
    expect(lines.join('\n')).toMatch(/add UseDevelopmentEmulator=true to the connection string/)
  })
})
