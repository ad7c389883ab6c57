import { test } from 'vitest'
import { explore } from './model/explore.js'
test('x', () => {
  const all = { crash: true, pause: true, stop: true, requests: true }
  for (const [partitions, skewsMs, depth, maxFaults] of [[1,[0,1000],24,1],[1,[0,1000],24,2],[1,[0,0,1000],16,1],[2,[0,1000],16,1],[2,[0,1000],18,1]] as const) {
    const t = performance.now()
    console.log(partitions, skewsMs.length, depth, maxFaults, explore({ partitions, skewsMs, depth, maxFaults, faults: all }).worlds, Math.round(performance.now() - t))
  }
}, 600000)
