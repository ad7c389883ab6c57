import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCodes, logEvents, metricNames } from '@dtfx/core'
import { expect, test } from 'vitest'

const docs = join(dirname(fileURLToPath(import.meta.url)), '..')
const read = (name: string): string => readFileSync(join(docs, name), 'utf8')

test('docs/errors.md has a heading for every code of the registry, and no other', () => {
  const headings = [...read('errors.md').matchAll(/^### (DTFX_\w+)$/gm)].map((match) => match[1] as string)
  expect([...headings].sort()).toEqual([...errorCodes].sort())
  expect(new Set(headings).size).toBe(headings.length)
})

test('docs/log-events.md lists every log event and every metric, and no other', () => {
  const text = read('log-events.md')
  const ids = [...text.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]))
  expect(ids.sort((a, b) => a - b)).toEqual(Object.values(logEvents).map((event) => event.id as number).sort((a, b) => a - b))
  const metrics = [...text.matchAll(/^\| `(dtfx\.[\w.]+)` \|/gm)].map((match) => match[1] as string)
  expect(metrics.sort()).toEqual(Object.keys(metricNames).sort())
})
