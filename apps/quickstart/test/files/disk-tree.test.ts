import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DiskTree } from '../../src/files/disk-tree.js'
import { DocumentIndex } from '../../src/files/document-index.js'
import { temporaryFolder } from '../temporary-folder.js'

describe('find', () => {
  it('compares names exactly', async () => {
    const root = await temporaryFolder({ 'Docs/README.md': '' })
    const tree = new DiskTree(root, new DocumentIndex())
    expect(await tree.find('Docs/README.md')).toEqual({ type: 'file' })
    expect(await tree.find('Docs')).toEqual({ type: 'directory' })
    expect(await tree.find('.')).toEqual({ type: 'directory' })
    expect(await tree.find('Docs/readme.md')).toEqual({ type: 'missing', similar: 'Docs/README.md' })
    expect(await tree.find('docs/README.md')).toEqual({ type: 'missing', similar: 'Docs' })
    expect(await tree.find('nope/README.md')).toEqual({ type: 'missing', similar: undefined })
    expect(await tree.find('Docs/README.md/x')).toEqual({ type: 'missing', similar: undefined })
  })

  it('takes decomposed accents for the composed ones', async () => {
    const root = await temporaryFolder({ ['u\u0308ber.md']: '' })
    expect(await new DiskTree(root, new DocumentIndex()).find('\u00fcber.md')).toEqual({ type: 'file' })
  })

  it('follows symbolic links, and none that lead nowhere or to themselves', async () => {
    const root = await temporaryFolder({ 'docs/a.md': '' })
    await symlink('docs', join(root, 'link'))
    await symlink('nowhere', join(root, 'dangling'))
    await symlink('loop', join(root, 'loop'))
    const tree = new DiskTree(root, new DocumentIndex())
    expect(await tree.find('link/a.md')).toEqual({ type: 'file' })
    expect(await tree.find('link')).toEqual({ type: 'directory' })
    expect(await tree.find('dangling')).toEqual({ type: 'missing' })
    expect(await tree.find('loop')).toEqual({ type: 'missing' })
    expect(await tree.find('loop/x')).toMatchObject({ type: 'missing' })
  })
})

describe('anchorsOf', () => {
  it('reads Markdown only, and again when it has changed', async () => {
    const root = await temporaryFolder({ 'a.md': '# One', 'b.txt': '# One', 'c.md': 'a\0b' })
    const index = new DocumentIndex()
    const anchors = async (path: string): Promise<string[] | undefined> => {
      const found = await new DiskTree(root, index).anchorsOf(path)
      return found && [...found]
    }
    expect(await anchors('a.md')).toEqual(['one'])
    expect(await anchors('b.txt')).toBeUndefined()
    expect(await anchors('c.md')).toBeUndefined()
    expect(await anchors('nope.md')).toBeUndefined()
    await writeFile(join(root, 'a.md'), '# Two and more')
    expect(await anchors('a.md')).toEqual(['two-and-more'])
  })
})
