/** `report.html`: the run as one page that needs nothing else: no script, no font, no image. Pure. Everything that comes from the checked files is escaped. */
import { filesOf, isClean, totalsOf, type FileReport, type RunReport } from '../check-report.js'
import { styleSheet } from './style-sheet.js'
import { count, extent, findingsOf, folderName, placeOf, plural, verdict } from './wording.js'

/** `pathToRoot` leads from the report's folder to the checked one. */
export function renderHtml(report: RunReport, pathToRoot: string): string {
  const files = filesOf(report)
  const totals = totalsOf(files)
  const title = `Link check of ${escapeHtml(report.title)}`
  const link = (path: string, line?: number): string =>
    `<a href="${escapeHtml(encodeURI(pathToRoot === '' ? path : `${pathToRoot}/${path}`))}">${escapeHtml(placeOf({ path, line }))}</a>`
  const findings = findingsOf(files)
  const findingRows = findings.map(
    ({ path, line, target, reason, isError }) =>
      `<tr class="${isError ? 'bad' : 'note'}"><td>${link(path, line)}</td><td>${target === '' ? '' : `<code>${escapeHtml(target)}</code>`}</td><td>${escapeHtml(reason)}</td></tr>`,
  )
  const folderRows = report.directories.map(({ directory, files: inFolder }) => {
    const sums = totalsOf(inFolder)
    return `<tr><td>${escapeHtml(folderName(directory))}</td>${numbers([sums.files, sums.words, sums.links, sums.external])}${badNumber(sums.broken)}</tr>`
  })
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${styleSheet}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="verdict ${isClean(totals) ? 'good' : 'bad'}">${escapeHtml(verdict(totals))}</p>
<p class="extent">${plural(report.directories.length, 'folder')} · ${extent(totals)}</p>
${findings.length === 0 ? '' : section('Findings', table(['Place', 'Link', 'Why'], findingRows))}
${section('Folders', table(['Folder', 'Files', 'Words', 'Links', 'External', 'Broken'], folderRows))}
${section('Files', table(['File', 'Words', 'Links', 'External', 'Broken', 'Bytes', 'SHA-256'], files.map((file) => fileRow(file, link(file.path)))))}
</main>
</body>
</html>
`
}

function fileRow(file: FileReport, name: string): string {
  return `<tr><td>${name}</td>${numbers([file.words, file.links, file.external])}${badNumber(file.brokenCount)}${numbers([file.bytes])}<td class="hash"><code>${file.hash}</code></td></tr>`
}

function section(title: string, content: string): string {
  return `<section>\n<h2>${title}</h2>\n<div class="scroll">${content}</div>\n</section>`
}

/** Columns of numbers are told by their heads. */
function table(heads: readonly string[], rows: readonly string[]): string {
  const isNumber = (head: string): boolean => ['Files', 'Words', 'Links', 'External', 'Broken', 'Bytes'].includes(head)
  const headCells = heads.map((head) => `<th${isNumber(head) ? ' class="number"' : ''}>${head}</th>`).join('')
  return `<table>\n<thead><tr>${headCells}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`
}

function numbers(values: readonly number[]): string {
  return values.map((value) => `<td class="number">${count(value)}</td>`).join('')
}

function badNumber(value: number): string {
  return `<td class="number${value > 0 ? ' bad' : ''}">${count(value)}</td>`
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (each) => entities[each] as string)
}
