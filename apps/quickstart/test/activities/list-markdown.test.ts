import { runActivity } from '@dtfx/testing'
import { expect, it } from 'vitest'
import { listMarkdown } from '../../src/activities/list-markdown.js'
import { temporaryFolder } from '../temporary-folder.js'

it('groups the files by directory', async () => {
  const root = await temporaryFolder({ 'README.md': '', 'docs/a.md': '', 'docs/b.md': '', 'docs/deep/c.md': '', 'other/d.md': '' })
  expect(await runActivity(listMarkdown, { root, include: ['README.md', 'docs'] })).toEqual({
    directories: [
      { directory: '.', files: ['README.md'] },
      { directory: 'docs', files: ['docs/a.md', 'docs/b.md'] },
      { directory: 'docs/deep', files: ['docs/deep/c.md'] },
    ],
    unreadable: [],
  })
})
