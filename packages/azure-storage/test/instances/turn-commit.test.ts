import { AmbiguousCommitError, LocalActivities, LockLostError, type ActivityWorkItem, type Checkpoint, type InstanceVersion, type LocalBackup, type OutboundMessage } from '@dtfx/core/provider'
import { VirtualClock } from '@dtfx/testing'
import { describe, expect, it } from 'vitest'
import type { OrchestrationItem } from '../../src/instances/orchestration-item.js'
import { TurnCommit } from '../../src/instances/turn-commit.js'
import { RequestGate } from '@dtfx/azure-common'

const instance = { instanceId: 'a', executionId: 'e' }
const timestamp = '2030-01-01T00:00:00.0000000Z'
const activity: OutboundMessage = { id: 'm', target: { kind: 'activity' }, message: { instance, event: { type: 'TaskScheduled', eventId: 0, timestamp, name: 'A' } } }
const checkpoint: Checkpoint = { executionId: 'e', checkpointId: 'c', settlements: [], outbound: [activity], history: { kind: 'append', events: [] } }

/** A turn with one local activity, on a store that answers its writes as told. */
function setUp(writes: readonly (InstanceVersion | 'unknown' | undefined)[], { isLost = false } = {}) {
  const clock = new VirtualClock()
  const log: string[] = []
  const answers = [...writes]
  const slots = { take: () => ({ resolve: (_item: ActivityWorkItem) => log.push('started') }), giveBack: () => log.push('slot given back') }
  const backup = { isHeld: true, onEnded: undefined, delivered: { id: 'm' }, delete: async () => void log.push('backup deleted') } as unknown as LocalBackup
  const local = new LocalActivities({ clock, hiddenForMs: 60_000 })
  const histories = {
    versionOf: async () => undefined,
    write: async () => {
      const answer = answers.shift()
      if (answer === 'unknown') throw new AmbiguousCommitError('a write', 'no answer')
      return answer
    },
  }
  const item = {
    isLost,
    record: { instanceId: 'a' },
    store: {
      parts: { gate: new RequestGate(4), histories, host: { clock }, log: { lostRace: () => {} } },
      reserve: ({ outbound }: Checkpoint) => local.reserve(outbound, slots),
      sendBackup: async () => backup,
    },
    check: () => {
      if (isLost) throw new LockLostError('it')
    },
    lose: () => {},
    finish: () => log.push('finished'),
  } as unknown as OrchestrationItem
  return { commit: new TurnCommit(item, checkpoint), log }
}

describe('the commit of a turn', () => {
  it('takes the messages of local activities back when the race is lost for certain', async () => {
    const { commit, log } = setUp([undefined])
    expect(await commit.run()).toEqual({ outcome: 'stale' })
    expect(log).toEqual(['slot given back', 'backup deleted', 'finished'])
  })

  it('leaves them when a write of unknown result came before: somebody may have gone on from it', async () => {
    const { commit, log } = setUp(['unknown', undefined])
    await expect(commit.run()).rejects.toThrow(AmbiguousCommitError)
    expect(await commit.run()).toEqual({ outcome: 'stale' })
    expect(log).toEqual(['slot given back', 'finished'])
  })

  it('gives the slots back when its item was lost before', async () => {
    const { commit, log } = setUp([], { isLost: true })
    await expect(commit.run()).rejects.toThrow(LockLostError)
    expect(log).toEqual(['slot given back'])
  })
})
