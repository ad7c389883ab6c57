import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DocumentIndex } from '../../src/files/document-index.js'
import { temporaryFolder } from '../temporary-folder.js'

it('parses a file once, and again when it has changed', async () => {
  const root = await temporaryFolder({ 'a.md': '# A' })
  const index = new DocumentIndex()
  const [first, second] = await Promise.all([index.of(join(root, 'a.md')), index.of(join(root, 'a.md'))])
  expect(second).toBe(first)
  await writeFile(join(root, 'a.md'), '# Other')
  expect(await index.of(join(root, 'a.md'))).toMatchObject({ bytes: 7, parsed: { words: 1 } })
})

it('forgets the document asked for longest ago', async () => {
  const root = await temporaryFolder({ 'a.md': '# A', 'b.md': '# B', 'c.md': '# C' })
  const index = new DocumentIndex(2)
  const [a, b] = [await index.of(join(root, 'a.md')), await index.of(join(root, 'b.md'))]
  expect(await index.of(join(root, 'a.md'))).toBe(a)
  await index.of(join(root, 'c.md'))
  expect(await index.of(join(root, 'a.md'))).toBe(a)
  expect(await index.of(join(root, 'b.md'))).not.toBe(b)
})

it('does not remember failures', async () => {
  const root = await temporaryFolder()
  const index = new DocumentIndex()
  await expect(index.of(join(root, 'a.md'))).rejects.toMatchObject({ code: 'ENOENT' })
  await writeFile(join(root, 'a.md'), '# A')
  expect(await index.of(join(root, 'a.md'))).toMatchObject({ bytes: 3 })
})
