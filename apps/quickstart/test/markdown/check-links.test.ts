import { describe, expect, it } from 'vitest'
import { checkLinks, type FileTree } from '../../src/markdown/check-links.js'
import { parseMarkdown } from '../../src/markdown/parse-markdown.js'

/** Files by path, with their text. */
const files: Readonly<Record<string, string>> = {
  'README.md': '# Top\n## Set up',
  'docs/README.md': '# Docs',
  'docs/a.md': '# A\n# A\n<a name="Custom"></a>',
  'docs/my file.md': '# My file',
  'docs/pic.png': '',
  'src/main.ts': 'x',
}

const tree: FileTree = {
  async find(path) {
    if (path === '.' || Object.keys(files).some((each) => each.startsWith(`${path}/`))) return { type: 'directory' }
    if (path in files) return { type: 'file' }
    return { type: 'missing', similar: Object.keys(files).find((each) => each.toLowerCase() === path.toLowerCase()) }
  },
  async anchorsOf(path) {
    return path.endsWith('.md') && path in files ? parseMarkdown(files[path] as string).anchors : undefined
  },
}

async function problems(text: string, file = 'docs/x.md'): Promise<string[]> {
  return (await checkLinks(parseMarkdown(text), file, tree)).broken.map((each) => `${each.line} ${each.target} – ${each.reason}`)
}

describe('checkLinks', () => {
  it.each([
    ['file, image, folder, folder with slash', '[a](../README.md) ![p](pic.png) [d](../docs) [d](../docs/) [s](../src/main.ts)'],
    ['path with spaces, encoded and not', '[a](my%20file.md) [b](<my file.md>)'],
    ['anchor in another file', '[a](../README.md#set-up)'],
    ['anchor in the same file, numbered', '# A\n# A\n[x](#a) [y](#a-1) [z](a.md#a-1)'],
    ['HTML anchor', '[x](../docs/a.md#Custom)'],
    ['anchor in the README of a folder', '[x](../docs/#docs) [y](../docs#docs)'],
    ['top of the page and lines', '[x](#) [y](#top) [z](../src/main.ts#L3-L5) [w](../README.md#L1)'],
    ['unknown kinds of files have no known anchors', '[x](../src/main.ts#whatever)'],
  ])('finds: %s', async (_, text) => {
    expect(await problems(text)).toEqual([])
  })

  it.each([
    ['missing file', 'x\n\n[a](nope.md)', '3 nope.md – no such file'],
    ['case of a file name', '[a](../readme.md)', "1 ../readme.md – no such file; 'README.md' differs in case"],
    ['missing anchor', '[a](../README.md#nope)', "1 ../README.md#nope – no heading '#nope'"],
    ['case of an anchor', '[a](../README.md#Set-Up)', "1 ../README.md#Set-Up – no heading '#Set-Up'; '#set-up' differs in case"],
    ['missing anchor in the same file', '# X\n[a](#y)', "2 #y – no heading '#y'"],
    ['third of two equal headings', '[x](a.md#a-2)', "1 a.md#a-2 – no heading '#a-2'"],
    ['file as a folder', '[a](a.md/)', '1 a.md/ – is a file, not a folder'],
    ['outside', '[a](../../x.md)', '1 ../../x.md – leads out of the checked folder and its repository'],
    ['no target', '[a]()', '1  – the link has no target'],
    ['undefined reference', '[a][b]', '1 [b] – the reference is not defined'],
    ['reference to a missing file', '[a][b]\n\n[b]: nope.md', '1 nope.md – no such file'],
  ])('reports: %s', async (_, text, expected) => {
    expect(await problems(text)).toEqual([expected])
  })

  it('counts what it checked and what it did not', async () => {
    const check = await checkLinks(parseMarkdown('[a](a.md) [b](nope.md) <https://x.org> [m](mailto:a@b.c) [u][v]'), 'docs/x.md', tree)
    expect(check).toMatchObject({ links: 3, external: 2 })
    expect(check.broken).toHaveLength(2)
  })

  it('cuts very long targets', async () => {
    const [problem] = await problems(`[a](${'x'.repeat(5_000)}.md)`)
    expect(problem?.length).toBeLessThan(400)
  })
})
