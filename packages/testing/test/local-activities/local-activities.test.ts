/** The piece that providers compose for local activities, with a store that notes what it is asked for: the rules of time, and what becomes of slots, backups and results. */
import { describe, expect, it } from 'vitest'
import { LocalActivities, LocalWork, type ActivityAnswer, type ActivityWorkItem, type AnswerSettlement, type Delivered, type LocalBackup, type LocalReservation, type OutboundMessage, type Settlement } from '@dtfx/core/provider'
import { VirtualClock } from '@dtfx/testing'
import { activity, now, raised } from '../memory/memory-hub.js'
import { settle } from '../worker/drive.js'

const hiddenForMs = 40_000

class NotedBackup implements LocalBackup {
  isHeld = true
  onEnded: (() => void) | undefined
  readonly delivered: Delivered
  readonly lockedUntil = undefined
  readonly lost = new AbortController().signal
  readonly instanceGone = new AbortController().signal
  /** Operations that fail. */
  readonly failing = new Set<string>()

  constructor(
    readonly outbound: OutboundMessage,
    readonly noted: string[],
  ) {
    this.delivered = { message: outbound.message, id: outbound.id, deliveryCount: 1, faultCount: 0, enqueuedAt: now, receipt: this }
  }

  renew(): Promise<{ readonly lockedUntil: undefined }> {
    return this.#note('renew').then(() => ({ lockedUntil: undefined }))
  }

  complete(answer: ActivityAnswer): Promise<void> {
    return this.#note(`complete ${answer.type}`)
  }

  release({ outcome }: Settlement): Promise<void> {
    return this.#note(`release ${outcome}`)
  }

  delete(): Promise<void> {
    return this.#note('delete')
  }

  sendSettled(_answer: ActivityAnswer, { outcome }: AnswerSettlement): Promise<void> {
    return this.#note(`send as ${outcome}`)
  }

  lose(): void {
    this.isHeld = false
    this.noted.push(`lose ${this.outbound.id}`)
    this.onEnded?.()
  }

  #note(what: string): Promise<void> {
    this.noted.push(`${what} ${this.outbound.id}`)
    return this.failing.has(what) ? Promise.reject(new Error('refused')) : Promise.resolve()
  }
}

interface Slot {
  readonly name: string
  resolve(activity: ActivityWorkItem): void
}

function world(slots: readonly string[] = ['Charge', 'Charge']) {
  const clock = new VirtualClock()
  const noted: string[] = []
  const started: ActivityWorkItem[] = []
  const free: Slot[] = slots.map((name) => ({ name, resolve: (item) => void started.push(item) }))
  const owner = { isOwner: true, onResult: () => void noted.push('result') }
  const local = new LocalActivities({ clock, hiddenForMs })
  const work = new LocalWork(local, owner)
  const reserve = (outbound: readonly OutboundMessage[]): LocalReservation<Slot> =>
    local.reserve(outbound, {
      take: (name) => {
        const at = free.findIndex((slot) => slot.name === name)
        return at < 0 ? undefined : free.splice(at, 1)[0]
      },
      giveBack: (slot) => void free.push(slot),
    })
  /** Reserved, stored and begun. */
  const begun = (outbound: OutboundMessage): { readonly backup: NotedBackup; readonly item: ActivityWorkItem } => {
    const backup = new NotedBackup(outbound, noted)
    const reservation = reserve([outbound])
    reservation.hold(outbound.id, backup)
    reservation.begin(() => work)
    return { backup, item: started.at(-1) as ActivityWorkItem }
  }
  return { clock, noted, started, free, owner, local, work, reserve, begun }
}

const first = activity('i', 0)
const second = activity('i', 1)
const answer: ActivityAnswer = { type: 'TaskCompleted', eventId: -1, timestamp: now, taskScheduledId: 0, result: '1' }

/** Lets time pass, and everything that follows from it happen. */
async function pass(clock: VirtualClock, forMs: number): Promise<void> {
  clock.advance(forMs)
  await settle(1)
}

function settlementOf(delivered: Delivered, outcome: Settlement['outcome']): Settlement {
  return { receipt: delivered.receipt, outcome }
}

describe('slots', () => {
  it('are reserved for activities that a waiting call takes, as many as there are', () => {
    const { reserve, free } = world(['Charge', 'Ship'])
    const reservation = reserve([first, second, raised('i', 'Go'), { ...activity('i', 2, 'Ship'), deliverAt: now }, activity('i', 3, 'Unknown')])
    expect([first, second].map(({ id }) => reservation.has(id))).toEqual([true, false])
    expect(free.map(({ name }) => name)).toEqual(['Ship'])
  })

  it('are given back for what was not stored, and when the commit is lost or unknown', async () => {
    const { reserve, free, noted, started, work } = world()
    reserve([first, second]).begin(() => work)
    expect(free).toHaveLength(2)
    const lost = reserve([first, second])
    lost.hold(first.id, new NotedBackup(first, noted))
    await lost.undo()
    expect(noted).toEqual([`delete ${first.id}`])
    expect(free).toHaveLength(2)
    const unknown = reserve([first])
    unknown.hold(first.id, new NotedBackup(first, noted))
    unknown.abandon()
    unknown.begin(() => work)
    expect(noted).toEqual([`delete ${first.id}`])
    expect(free).toHaveLength(2)
    expect(started).toEqual([])
  })

  it('a repeated commit leaves a backup alone that is stored', () => {
    const { reserve, noted } = world()
    const reservation = reserve([first, second])
    expect(reservation.holds(first.id)).toBe(false)
    const backup = new NotedBackup(first, noted)
    reservation.hold(first.id, backup)
    expect([first, second].map(({ id }) => reservation.holds(id))).toEqual([true, false])
    backup.isHeld = false
    expect(reservation.holds(first.id)).toBe(false)
  })
})

describe('the hidden time of a backup', () => {
  it('no renewal before half of it is over', () => {
    const { reserve, clock, work, noted, started } = world()
    const reservation = reserve([first])
    reservation.hold(first.id, new NotedBackup(first, noted))
    clock.advance(hiddenForMs / 2)
    reservation.begin(() => work)
    expect(started).toHaveLength(1)
    expect(noted).toEqual([])
  })

  it('past half of it an activity begins after a renewal', async () => {
    const { reserve, clock, work, noted, started } = world()
    const reservation = reserve([first])
    reservation.hold(first.id, new NotedBackup(first, noted))
    await pass(clock, hiddenForMs / 2 + 1)
    reservation.begin(() => work)
    expect(started).toEqual([])
    expect(work.has(first.id)).toBe(true)
    await pass(clock, 0)
    expect(noted).toEqual([`renew ${first.id}`])
    expect(started).toHaveLength(1)
  })

  it('and not at all without one: others are to have it, and the slot is free', async () => {
    const { reserve, clock, work, noted, started, free } = world()
    const backup = new NotedBackup(first, noted)
    backup.failing.add('renew')
    const reservation = reserve([first])
    reservation.hold(first.id, backup)
    await pass(clock, hiddenForMs / 2 + 1)
    reservation.begin(() => work)
    await pass(clock, 0)
    expect(noted).toEqual([`renew ${first.id}`, `release defer ${first.id}`])
    expect(started).toEqual([])
    expect(free).toHaveLength(2)
    expect(work.has(first.id)).toBe(false)
  })

  it('is renewed for a result that waits for a turn, or is with one, and no longer', async () => {
    const { begun, clock, work, noted } = world()
    const { item } = begun(first)
    await item.complete(answer)
    const renewals = (): number => noted.filter((line) => line === `renew ${first.id}`).length
    for (let i = 0; i < 24; i++) await pass(clock, hiddenForMs / 8)
    // Three times the hidden time: once for each half of it.
    expect(renewals()).toBeGreaterThanOrEqual(4)
    const before = renewals()
    const [completion] = work.take()
    const delivered = completion?.handOut({}) as Delivered
    for (let i = 0; i < 8; i++) await pass(clock, hiddenForMs / 8)
    expect(renewals()).toBeGreaterThan(before)
    await completion?.settle(settlementOf(delivered, 'consumed'))
    const after = renewals()
    for (let i = 0; i < 24; i++) await pass(clock, hiddenForMs / 8)
    expect(renewals()).toBe(after)
    expect(clock.nextTimerMs()).toBeUndefined()
  })

  it('ends with the worker', async () => {
    const { begun, clock, local } = world()
    await begun(first).item.complete(answer)
    local.stop()
    expect(clock.nextTimerMs()).toBeUndefined()
  })
})

describe('a result', () => {
  it('is a message that answers the scheduled one, and counts how often it is handed out', async () => {
    const { begun, work, noted } = world()
    await begun(first).item.complete(answer)
    expect(noted).toEqual(['result'])
    const [completion] = work.take()
    const turn = {}
    expect(completion?.handOut(turn)).toMatchObject({ id: `re:${first.id}`, replyTo: first.id, deliveryCount: 1, faultCount: 0, message: { event: answer, instance: first.message.instance } })
    expect(completion?.holder).toBe(turn)
    expect(completion?.handOut(turn)).toMatchObject({ deliveryCount: 2 })
  })

  it.each(['consumed', 'discard'] as const)('%s: the backup goes', async (outcome) => {
    const { begun, work, noted } = world()
    await begun(first).item.complete(answer)
    const [completion] = work.take()
    await completion?.settle(settlementOf(completion.handOut({}), outcome))
    expect(noted).toEqual(['result', `delete ${first.id}`])
  })

  it.each(['defer', 'fault', 'quarantine'] as const)('%s: it becomes a message of its own, and then the backup goes', async (outcome) => {
    const { begun, work, noted } = world()
    const { item, backup } = begun(first)
    await item.complete(answer)
    const [completion] = work.take()
    const settlement = settlementOf(completion?.handOut({}) as Delivered, outcome)
    backup.failing.add(`send as ${outcome}`)
    await expect(completion?.settle(settlement)).rejects.toThrow('refused')
    expect(noted).toEqual(['result', `send as ${outcome} ${first.id}`])
    backup.failing.clear()
    await completion?.settle(settlement)
    expect(noted.slice(2)).toEqual([`send as ${outcome} ${first.id}`, `delete ${first.id}`])
  })

  it('that a turn gives back is with the next one, before later ones', async () => {
    const { begun, work } = world()
    await begun(first).item.complete(answer)
    const open = work.take()
    await begun(second).item.complete(answer)
    work.giveBack(open)
    expect(work.take().map(({ activity: { delivered } }) => delivered.id)).toEqual([first.id, second.id])
  })

  it('goes the ordinary way when the instance is with somebody else: when it is there, given back, or waits', async () => {
    const { begun, work, owner, noted } = world(['Charge', 'Charge', 'Charge'])
    const running = begun(first)
    const other = begun(second)
    await other.item.complete(answer)
    const open = work.take()
    const third = activity('i', 2)
    const waiting = begun(third)
    await waiting.item.complete(answer)
    noted.length = 0
    owner.isOwner = false
    work.giveBack(open)
    await work.leave()
    await running.item.complete(answer)
    expect(noted).toEqual([second, third, first].map(({ id }) => `complete TaskCompleted ${id}`))
    for (const { id } of [first, second, third]) expect(work.has(id)).toBe(false)
  })

  it('of a backup that was lost goes the ordinary way, which knows what to do', async () => {
    const { begun, work, noted } = world()
    const { item, backup } = begun(first)
    backup.lose()
    expect(work.has(first.id)).toBe(false)
    await item.complete(answer)
    expect(noted).toEqual([`lose ${first.id}`, `complete TaskCompleted ${first.id}`])
  })

  it('is forgotten, and nothing is touched, when somebody else answers for the outbox', async () => {
    const { begun, work, noted } = world()
    await begun(first).item.complete(answer)
    begun(second)
    noted.length = 0
    work.forfeit()
    expect(noted).toEqual([`lose ${first.id}`, `lose ${second.id}`])
    expect(work.hasResults).toBe(false)
    expect(work.has(second.id)).toBe(false)
  })

  it('none comes of a released activity', async () => {
    const { begun, work, noted } = world()
    const { item } = begun(first)
    await item.release({ receipt: item.delivered.receipt, outcome: 'fault' })
    expect(noted).toEqual([`release fault ${first.id}`])
    expect(work.has(first.id)).toBe(false)
  })
})
