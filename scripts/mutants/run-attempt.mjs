/** Runs attempt.mjs in a process of its own, and ends it when it hangs or takes too long. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from './bundle.mjs'

/** A seed, or the suite between the beginnings of two tests, that has not gone on by then hangs: the fault is found. */
const stillMs = 45_000

/** Resolves with how the fault was caught, or with undefined. */
export function runAttempt(plan, withinMs) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(root, 'scripts', 'mutants', 'attempt.mjs'), JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'ignore'] })
    let at = {}
    let found
    let isLate = false
    let watchdog
    const watch = () => {
      clearTimeout(watchdog)
      watchdog = setTimeout(() => {
        found = { caught: at, how: 'it hangs' }
        child.kill('SIGKILL')
      }, stillMs)
    }
    const limit = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, withinMs)
    watch()
    createInterface({ input: child.stdout }).on('line', (line) => {
      watch()
      const report = JSON.parse(line)
      if (report.at === undefined) found = report
      else at = report.at
    })
    child.on('close', (code) => {
      clearTimeout(watchdog)
      clearTimeout(limit)
      done(found ?? (code === 0 || isLate ? undefined : { caught: at, how: `the process ended with ${code}` }))
    })
  })
}
