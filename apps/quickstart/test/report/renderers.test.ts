import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { RunReport } from '../../src/check-report.js'
import { parseMarkdown } from '../../src/markdown/parse-markdown.js'
import { renderHtml } from '../../src/report/html.js'
import { renderMarkdown } from '../../src/report/markdown.js'
import { paint } from '../../src/report/paint.js'
import { renderFindings, renderFolders } from '../../src/report/table.js'
import { fileReport, sampleReport } from './sample-report.js'

const plain = paint(false)

describe('renderMarkdown', () => {
  const text = renderMarkdown(sampleReport, '../docs')

  it('says the result, and what was looked at', () => {
    expect(text).toContain('# Link check of docs')
    expect(text).toContain('**2 broken links.** 2 folders · 3 files · 3,000 words · 6 links checked · 2 external, not checked\n')
  })

  it('keeps every table row in its columns, and markup out', () => {
    const rows = text.split('\n').filter((line) => line.startsWith('|'))
    for (const row of rows) expect([4, 7, 8]).toContain(row.match(/(?<!\\)\|/g)?.length)
    expect(parseMarkdown(text).links.map((each) => each.target)).toContain('../docs/a%7Cb/%3Cx%3E%20y.md#L7')
    expect(text).not.toMatch(/^[^`]*<script>/m)
  })

  it('has no findings where there are none', () => {
    const clean = renderMarkdown({ ...sampleReport, directories: sampleReport.directories.slice(0, 1) }, '')
    expect(clean).toContain('**No broken links.**')
    expect(clean).not.toContain('## Findings')
  })
})

describe('renderHtml', () => {
  const html = renderHtml(sampleReport, '../docs')

  it('escapes what comes from the files', () => {
    expect(html).not.toContain('<script>')
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(html).toContain('href="../docs/a%7Cb/%3Cx%3E%20y.md"')
  })

  it('stands alone', () => {
    expect(html).toMatch(/^<!doctype html>/)
    expect(html).not.toMatch(/<link|<script|src=/)
  })
})

describe('on the terminal', () => {
  it('shows the folders with their totals', () => {
    expect(renderFolders(sampleReport, plain)).toBe(
      [
        '┌────────┬───────┬───────┬───────┬──────────┬────────┐',
        '│ Folder │ Files │ Words │ Links │ External │ Broken │',
        '├────────┼───────┼───────┼───────┼──────────┼────────┤',
        '│ ./     │     1 │ 1,500 │     3 │        1 │      0 │',
        '│ a|b/   │     2 │ 1,500 │     3 │        1 │      2 │',
        '│ Total  │     3 │ 3,000 │     6 │        2 │      2 │',
        '└────────┴───────┴───────┴───────┴──────────┴────────┘',
      ].join('\n'),
    )
  })

  it('never hides a folder with broken links', () => {
    const directories = Array.from({ length: 100 }, (_, i) => ({ directory: `d${i}`, files: [fileReport(`d${i}/a.md`)] }))
    directories.push({ directory: 'last', files: [fileReport('last/a.md', { broken: [{ line: 1, target: 'x', reason: 'no such file' }] })] })
    const table = renderFolders({ ...sampleReport, directories }, plain)
    expect(table.split('\n').length).toBeLessThan(40)
    expect(table).toContain('last/')
    expect(table).toContain('… and 71 more folders')
  })

  it('lists broken links with places, errors first', () => {
    expect(renderFindings(sampleReport, plain).split('\n')).toEqual([
      '✗ a|b/<x> y.md:7 no`pe|.md no such file',
      "✗ a|b/<x> y.md:9 <script>alert(1)</script> no heading '#x'",
      '– a|b/bin.md skipped: not a UTF-8 text',
    ])
  })

  it('lets no control character through', () => {
    const evil: RunReport = { ...sampleReport, directories: [{ directory: 'x\u001b[2J', files: [fileReport('x\u001b[2J/a\n.md', { broken: [{ line: 1, target: '\u001b]0;t\u0007', reason: 'r' }] })] }] }
    // eslint-disable-next-line no-control-regex
    expect(renderFindings(evil, plain) + renderFolders(evil, plain).replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
  })

  it('colours only when asked to', () => {
    const coloured = renderFindings(sampleReport, paint(true))
    expect(coloured).not.toBe(renderFindings(sampleReport, plain))
    expect(stripVTControlCharacters(coloured)).toBe(renderFindings(sampleReport, plain))
  })
})
