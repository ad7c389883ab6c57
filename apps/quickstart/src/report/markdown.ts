/** `report.md`: the run as a Markdown page. Pure. Everything that comes from the checked files is escaped: a link target may hold pipes, backticks or HTML. */
import { filesOf, totalsOf, type FileReport, type RunReport } from '../check-report.js'
import { count, extent, findingsOf, folderName, placeOf, plural, verdict } from './wording.js'

/** `pathToRoot` leads from the report's folder to the checked one. */
export function renderMarkdown(report: RunReport, pathToRoot: string): string {
  const files = filesOf(report)
  const totals = totalsOf(files)
  const link = (path: string, line?: number): string =>
    `[${escapeText(placeOf({ path, line }))}](<${encodeURI(pathToRoot === '' ? path : `${pathToRoot}/${path}`)}${line === undefined ? '' : `#L${line}`}>)`
  const findings = findingsOf(files).map(({ path, line, target, reason }) => [link(path, line), codeSpan(target), escapeText(reason)])
  const folders = report.directories.map(({ directory, files: inFolder }) => {
    const sums = totalsOf(inFolder)
    return [escapeText(folderName(directory)), ...[sums.files, sums.words, sums.links, sums.external, sums.broken].map(count)]
  })
  return [
    `# Link check of ${escapeText(report.title)}`,
    `**${verdict(totals)}.** ${plural(report.directories.length, 'folder')} · ${extent(totals)}`,
    ...(findings.length === 0 ? [] : ['## Findings', table(['Place', 'Link', 'Why'], findings)]),
    '## Folders',
    table(['Folder', 'Files>', 'Words>', 'Links>', 'External>', 'Broken>'], folders),
    '## Files',
    table(['File', 'Words>', 'Links>', 'External>', 'Broken>', 'Bytes>', 'SHA-256'], files.map((file) => fileRow(file, link(file.path)))),
    '',
  ].join('\n\n').replace(/\n+$/, '\n')
}

function fileRow(file: FileReport, name: string): string[] {
  return [name, ...[file.words, file.links, file.external, file.brokenCount, file.bytes].map(count), codeSpan(file.hash)]
}

/** A head that ends in `>` aligns its column to the right. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(heads.map((head) => head.replace('>', ''))), line(heads.map((head) => (head.endsWith('>') ? '---:' : '---'))), ...rows.map(line)].join('\n')
}

function escapeText(text: string): string {
  return text.replace(/[\\`*_[\]<>|~#&]/g, '\\$&').replace(/[\r\n]+/g, ' ')
}

/** In a table a pipe ends the cell, even within a code span. */
function codeSpan(text: string): string {
  if (text === '') return ''
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  const inner = text.replace(/[\r\n]+/g, ' ').replaceAll('|', '\\|')
  return longest === 0 ? `${fence}${inner}${fence}` : `${fence} ${inner} ${fence}`
}
