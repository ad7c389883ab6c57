/** What a simulated store does to messages: twice, late, out of order. A transactional store does none of it, but hands out again in any order what came back. */
import type { CommitDiscipline } from '@dtfx/core/provider'
import type { MessageFaults } from '../memory/hub.js'
import type { FaultDice } from './fault-dice.js'

const maxLateMs = 3_000
const maxDuplicateMs = 60_000
const once = [0]

export function messageFaults(dice: FaultDice, commit: CommitDiscipline): MessageFaults {
  const isQueue = commit !== 'atomic'
  return {
    copies() {
      if (!isQueue) return once
      const first = dice.happens('late') ? dice.between(1, maxLateMs) : 0
      return dice.happens('duplicate') ? [first, dice.between(0, maxDuplicateMs)] : first === 0 ? once : [first]
    },
    place(waiting, again) {
      if (waiting === 0 || (!isQueue && !again) || !dice.happens('reorder')) return undefined
      return dice.between(0, waiting)
    },
  }
}
