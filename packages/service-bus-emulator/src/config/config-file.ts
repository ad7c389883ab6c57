/** The text of a configuration file → queues, unchecked. It is a list of queues, or an object that has one as `queues`, or the file of Microsoft's emulator. */
import { EmulatorError } from '../emulator-error.js'
import { queuesOfMicrosoftConfig } from './microsoft-config.js'
import type { QueueOptions } from './queue-options.js'

export function queuesOfConfig(text: string, path: string): readonly QueueOptions[] {
  const config = parse(text, path)
  if (Array.isArray(config)) return config as QueueOptions[]
  if (typeof config === 'object' && config !== null) {
    if ('UserConfig' in config) return queuesOfMicrosoftConfig(config.UserConfig) as QueueOptions[]
    const keys = Object.keys(config)
    if (keys.length === 1 && 'queues' in config && Array.isArray(config.queues)) return config.queues as QueueOptions[]
  }
  throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `${path} must hold a list of queues, as [{ "name": "orders", "requiresSession": true }], or an object with that list as "queues".`)
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `${path} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause })
  }
}
