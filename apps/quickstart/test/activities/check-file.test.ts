import { runActivity } from '@dtfx/testing'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkFile } from '../../src/activities/check-file.js'
import { limits } from '../../src/check-report.js'
import { temporaryFolder } from '../temporary-folder.js'

it('reads, counts, hashes and resolves, also beyond the folder but within the repository', async () => {
  const top = await temporaryFolder({
    'README.md': '# Top',
    'docs/guide/a.md': '# A\n\n[up](../../README.md#top) [root](/README.md) [self](#a) [bad](../nope.md) <https://example.com>',
  })
  expect(await runActivity(checkFile, { root: join(top, 'docs'), top, path: 'guide/a.md' })).toEqual({
    path: 'guide/a.md',
    status: 'checked',
    bytes: 100,
    hash: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
    words: 7,
    links: 4,
    external: 1,
    brokenCount: 1,
    broken: [{ line: 3, target: '../nope.md', reason: 'no such file' }],
  })
})

it('reports a file it does not check', async () => {
  const root = await temporaryFolder({ 'a.md': 'a\0b' })
  expect(await runActivity(checkFile, { root, top: root, path: 'a.md' })).toMatchObject({ status: 'skipped', problem: 'not a UTF-8 text', bytes: 3, links: 0 })
})

it('keeps its result small', async () => {
  const root = await temporaryFolder({ 'a.md': '[x](nope.md)\n'.repeat(1_000) })
  const report = await runActivity(checkFile, { root, top: root, path: 'a.md' })
  expect(report.brokenCount).toBe(1_000)
  expect(report.broken).toHaveLength(limits.maxBrokenListed)
})

it('leaves I/O errors to the retry policy', async () => {
  const root = await temporaryFolder()
  await expect(runActivity(checkFile, { root, top: root, path: 'gone.md' })).rejects.toMatchObject({ code: 'ENOENT' })
})
