/**
 * Which process holds a lock, and whether it is still there: a process that died gives its locks up at once where that can be told, which is on the same machine and in the same container.
 * Invariant: in doubt a process is alive; the time of its locks decides then.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

interface Identity {
  /** Machine, its boot, and the space of process ids. */
  readonly place: string
  readonly pid: number
  /** Tells apart two processes that had the same id, one after the other; empty where unknown. */
  readonly started: string
}

export function ownProcess(): string {
  return write({ place: ownPlace(), pid: process.pid, started: startOf(process.pid) ?? '' })
}

/** The process certainly ended. */
export function isGone(text: string): boolean {
  const identity = read(text)
  if (identity === undefined || identity.place !== ownPlace()) return false
  if (!exists(identity.pid)) return true
  const started = startOf(identity.pid)
  return identity.started !== '' && started !== undefined && started !== identity.started
}

function write({ place, pid, started }: Identity): string {
  return JSON.stringify([place, pid, started])
}

function read(text: string): Identity | undefined {
  try {
    const [place, pid, started] = JSON.parse(text) as [unknown, unknown, unknown]
    return typeof place === 'string' && typeof pid === 'number' && pid > 0 && typeof started === 'string' ? { place, pid, started } : undefined
  } catch {
    return undefined
  }
}

let place: string | undefined

function ownPlace(): string {
  return (place ??= [hostname(), process.platform, attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()), attempt(() => readlinkSync('/proc/self/ns/pid'))].join('|'))
}

/** Field 22 of /proc/<pid>/stat: the time since boot at which it started. The name before it may contain anything, but for its last parenthesis. */
function startOf(pid: number): string | undefined {
  return attempt(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[19]
  })
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function attempt(read: () => string | undefined): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
