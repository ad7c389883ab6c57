/**
 * Determinism modes and the one-time installation of the process-wide guards they need. Guards look at a counter first: code outside orchestrations pays one comparison.
 *
 * - `'off'`: no globals are patched; only misuse of ctx and blocked executions are detected.
 * - `'guard'`: clocks, randomness and UUIDs are deterministic in orchestrations; timers, fetch and ticks are refused there.
 * - `'strict'`: and anything that creates an asynchronous resource there is reported at once, with its line. For development and tests.
 */
import { installDeterministicCrypto } from './deterministic-crypto.js'
import { installDeterministicGlobals } from './deterministic-globals.js'
import { installForbiddenGlobals } from './forbidden-globals.js'
import { installRejectionGuard } from './rejection-guard.js'
import { installResourceDetector } from './resource-detector.js'

export type DeterminismMode = 'strict' | 'guard' | 'off'

const installed = { rejections: false, globals: false, detector: false }

export function installGuards(mode: DeterminismMode): void {
  once('rejections', installRejectionGuard)
  if (mode === 'off') return
  once('globals', () => {
    installDeterministicGlobals()
    installDeterministicCrypto()
    installForbiddenGlobals()
  })
  if (mode === 'strict') once('detector', installResourceDetector)
}

function once(what: keyof typeof installed, install: () => void): void {
  if (installed[what]) return
  installed[what] = true
  install()
}
