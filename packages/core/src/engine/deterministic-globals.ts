/**
 * Clocks and `Math.random` as orchestration code sees them: the time of the turn and a seeded sequence. Everybody else gets the originals, captured at installation.
 * Invariants: `instanceof Date` and the prototype of dates stay as they are; a patched function behaves like the original outside turns, also in foreign code that runs between two steps of a turn.
 */
import { currentExecution } from './scope.js'

const RealDate = Date

export function installDeterministicGlobals(): void {
  installDate()
  const realRandom = Math.random
  Math.random = function random() {
    const x = currentExecution()
    return x === undefined ? realRandom() : x.random.next()
  }
  const realPerformanceNow = performance.now.bind(performance)
  define(performance, 'now', function now() {
    return currentExecution()?.nowMs ?? realPerformanceNow()
  })
  installIntl()
  installTemporal()
}

function installDate(): void {
  const realNow = RealDate.now
  const now = function now(): number {
    return currentExecution()?.nowMs ?? realNow()
  }
  const DeterministicDate = function Date(this: unknown, ...args: unknown[]): unknown {
    if (new.target === undefined) return new RealDate(now()).toString()
    const target = new.target === DeterministicDate ? RealDate : new.target
    return Reflect.construct(RealDate, args.length === 0 ? [now()] : args, target as never)
  }
  DeterministicDate.prototype = RealDate.prototype
  for (const name of ['parse', 'UTC'] as const) define(DeterministicDate, name, RealDate[name])
  define(DeterministicDate, 'now', now)
  Object.defineProperty(DeterministicDate, 'length', { value: 7, configurable: true })
  define(RealDate.prototype, 'constructor', DeterministicDate)
  define(RealDate, 'now', now)
  globalThis.Date = DeterministicDate as unknown as DateConstructor
}

/** `format()` and `formatToParts()` without an argument mean "now". */
function installIntl(): void {
  const prototype = Intl.DateTimeFormat.prototype
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'format')
  const realFormat = descriptor?.get
  if (descriptor !== undefined && realFormat !== undefined) {
    Object.defineProperty(prototype, 'format', {
      ...descriptor,
      get(this: Intl.DateTimeFormat) {
        const format = Reflect.apply(realFormat, this, []) as (date?: Date | number) => string
        return currentExecution() === undefined ? format : (date?: Date | number) => format(date ?? currentExecution()?.nowMs)
      },
    })
  }
  const realParts = prototype.formatToParts
  define(prototype, 'formatToParts', function formatToParts(this: Intl.DateTimeFormat, date?: Date | number) {
    return Reflect.apply(realParts, this, [date ?? currentExecution()?.nowMs])
  })
}

/** `Temporal.Now` where the platform has it: its clocks are built from one instant. */
function installTemporal(): void {
  const temporal = (globalThis as { Temporal?: TemporalLike }).Temporal
  if (temporal === undefined) return
  const { Now } = temporal
  const realInstant = Now.instant.bind(Now)
  const instant = (): InstantLike => {
    const x = currentExecution()
    return x === undefined ? realInstant() : temporal.Instant.fromEpochMilliseconds(x.nowMs)
  }
  const zoned = (zone?: string): ZonedLike => instant().toZonedDateTimeISO(zone ?? Now.timeZoneId())
  define(Now, 'instant', instant)
  define(Now, 'zonedDateTimeISO', zoned)
  define(Now, 'plainDateTimeISO', (zone?: string) => zoned(zone).toPlainDateTime())
  define(Now, 'plainDateISO', (zone?: string) => zoned(zone).toPlainDate())
  define(Now, 'plainTimeISO', (zone?: string) => zoned(zone).toPlainTime())
}

interface ZonedLike {
  toPlainDateTime(): unknown
  toPlainDate(): unknown
  toPlainTime(): unknown
}
interface InstantLike {
  toZonedDateTimeISO(zone: string): ZonedLike
}
interface TemporalLike {
  readonly Now: { instant(): InstantLike; timeZoneId(): string }
  readonly Instant: { fromEpochMilliseconds(ms: number): InstantLike }
}

function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: Object.getOwnPropertyDescriptor(target, key)?.enumerable ?? false })
}
