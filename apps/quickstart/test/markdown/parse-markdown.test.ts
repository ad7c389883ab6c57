import { describe, expect, it } from 'vitest'
import { parseMarkdown } from '../../src/markdown/parse-markdown.js'

const targets = (text: string): string[] => parseMarkdown(text).links.map((each) => each.target)
const anchors = (text: string): string[] => [...parseMarkdown(text).anchors]

describe('links', () => {
  it.each([
    ['inline', '[a](b.md)', ['b.md']],
    ['with a title', '[a](b.md "Title (with) parens")', ['b.md']],
    ['in angle brackets, with spaces', '[a](<my file.md>)', ['my file.md']],
    ['encoded, left as written', '[a](my%20file.md#a%C3%A9)', ['my%20file.md#a%C3%A9']],
    ['image', '![alt](pic.png)', ['pic.png']],
    ['image in a link', '[![alt](badge.svg)](docs.md)', ['docs.md', 'badge.svg']],
    ['reference', '[a][ref]\n\n[ref]: b.md "T"', ['b.md']],
    ['collapsed and shortcut references', '[Ref][] and [ref]\n\n[REF]: b.md', ['b.md', 'b.md']],
    ['image by reference', '![a][ref]\n\n[ref]: b.png', ['b.png']],
    ['the first of two definitions', '[a][r]\n\n[r]: one.md\n[r]: two.md', ['one.md']],
    ['in a table', '| a |\n|---|\n| [x](y.md) |', ['y.md']],
    ['in a footnote', 'x[^1]\n\n[^1]: see [y](y.md)', ['y.md']],
    ['bare', 'see https://example.com/x now', ['https://example.com/x']],
    ['empty', '[a]()', ['']],
    ['html', '<p><a href="a.md">x</a> <img src=\'b.png\'></p>', ['a.md', 'b.png']],
    ['html in a line', 'text <a href="a.md">x</a> text', ['a.md']],
    ['picture', '<picture><source srcset="d.png 1x, e.png 2x"><img src="l.png"></picture>', ['d.png', 'e.png', 'l.png']],
    ['not in code', '`[a](b.md)`\n\n```md\n[a](b.md)\n<a href="x">\n```\n\n    [a](b.md)\n', []],
    ['not in html comments', '<!-- [a](b.md) <a href="c.md"> -->', []],
    ['not in front matter', '---\nlink: "[a](b.md)"\n---\n\n[c](d.md)', ['d.md']],
    ['not in TOML front matter', '+++\nx = "[a](b.md)"\n+++\n', []],
    ['not escaped ones', '\\[a](b.md)', []],
  ])('%s', (_, text, expected) => {
    expect(targets(text)).toEqual(expected)
  })

  it('knows their lines, in HTML blocks too', () => {
    const text = '---\nt: x\n---\n\n[a](1.md)\nx [b](2.md)\n\n<div>\n  <a href="3.md">c</a>\n</div>\n'
    expect(parseMarkdown(text).links.map((each) => each.line)).toEqual([5, 6, 9])
  })
})

describe('undefined references', () => {
  const labels = (text: string): string[] => parseMarkdown(text).undefinedReferences.map((each) => `${each.line}:${each.label}`)

  it.each([
    ['full form', 'one\n[text][missing] two', ['2:missing']],
    ['defined', '[text][there]\n\n[there]: x.md', []],
    ['footnote marks', 'x [^1][^2]', []],
    ['escaped', '\\[text][missing]', []],
    ['array indexes', 'matrix[0][1] and a[i][j]', []],
    ['in code', '`[a][b]`', []],
    ['task list', '- [x][y] done', ['1:y']],
  ])('%s', (_, text, expected) => {
    expect(labels(text)).toEqual(expected)
  })
})

describe('anchors', () => {
  it.each([
    ['as GitHub makes them', '# Hello, World!\n## `ctx.map` & more\n### Über uns', ['hello-world', 'ctxmap--more', 'über-uns']],
    ['equal headings are numbered', '# A\n# A\n## a', ['a', 'a-1', 'a-2']],
    ['setext', 'Title\n=====', ['title']],
    ['formatted', '## **Bold** and [link](x.md) `code`', ['bold-and-link-code']],
    ['images leave no text', '# ![logo](x.png) Title', ['-title']],
    ['html names and ids', '<a name="one"></a>\n\n<div id="two"></div>\n\ntext <span id="Three">x</span>', ['one', 'two', 'Three']],
    ['html in a heading', '## <a id="x"></a>Install', ['install', 'x']],
    ['html headings', '<h1 align="center">\n  My <b>Tool</b>\n</h1>\n\n# My Tool', ['my-tool', 'my-tool-1']],
    ['no heading in code', '```\n# no\n```', []],
  ])('%s', (_, text, expected) => {
    expect(anchors(text)).toEqual(expected)
  })
})

describe('words', () => {
  it.each([
    ['prose', "Don't panic: it's 42 o'clock.", 5],
    ['no code blocks, no front matter, no targets', '---\na: b\n---\n\n# One two\n\n```\nx y z\n```\n\n[three](some/long/path.md) `four`', 4],
    ['scripts without spaces', '日本語の文章', 3],
    ['nothing', '', 0],
  ])('%s', (_, text, expected) => {
    expect(parseMarkdown(text).words).toBe(expected)
  })
})
