import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findMarkdown } from '../../src/files/markdown-files.js'
import { temporaryFolder } from '../temporary-folder.js'

it('lists folder by folder, files first, without what tools made', async () => {
  const root = await temporaryFolder({
    'z.md': '',
    'B.MD': '',
    'a.markdown': '',
    'notes.txt': '',
    'sub/c.md': '',
    'sub/deep/d.md': '',
    '.github/e.md': '',
    'folder.md/f.md': '',
    'node_modules/x/README.md': '',
    '.git/x.md': '',
    'dist/x.md': '',
    'quickstart-report/report.md': '',
  })
  const found = await findMarkdown(root, '.', 100)
  expect(found).toEqual({ files: ['B.MD', 'a.markdown', 'z.md', '.github/e.md', 'folder.md/f.md', 'sub/c.md', 'sub/deep/d.md'], unreadable: [] })
})

it('starts where it is told', async () => {
  const root = await temporaryFolder({ 'README.md': '', 'docs/a.md': '', 'other/b.md': '' })
  expect((await findMarkdown(root, 'docs', 100)).files).toEqual(['docs/a.md'])
  expect((await findMarkdown(root, 'README.md', 100)).files).toEqual(['README.md'])
})

it('is not caught in a loop of symbolic links', async () => {
  const root = await temporaryFolder({ 'docs/a.md': '' })
  await symlink('..', join(root, 'docs/up'))
  await symlink('docs/a.md', join(root, 'link.md'))
  expect((await findMarkdown(root, '.', 100)).files).toEqual(['link.md', 'docs/a.md'])
})

it('finds nothing in an empty folder', async () => {
  expect((await findMarkdown(await temporaryFolder(), '.', 100)).files).toEqual([])
})
