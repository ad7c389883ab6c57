/** Activity: writes `report.md` and `report.html`. Each is written beside its place and then moved there, so that nobody ever sees half of one, also when it runs twice. */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { defineActivity } from '@dtfx/core'
import type { RunReport } from '../check-report.js'
import { renderHtml } from '../report/html.js'
import { renderMarkdown } from '../report/markdown.js'
import { ioRetry } from './io-retry.js'

export interface WriteReportInput {
  readonly root: string
  /** Absolute path; made if it is missing. */
  readonly reportFolder: string
  readonly report: RunReport
}

/** Absolute paths. */
export interface WrittenReport {
  readonly markdown: string
  readonly html: string
}

export const writeReport = defineActivity(
  'WriteReport',
  async (ctx, { root, reportFolder, report }: WriteReportInput): Promise<WrittenReport> => {
    const written: WrittenReport = { markdown: join(reportFolder, 'report.md'), html: join(reportFolder, 'report.html') }
    const pathToRoot = relative(reportFolder, root).split(sep).join('/')
    await mkdir(reportFolder, { recursive: true })
    await replaceFile(written.markdown, renderMarkdown(report, pathToRoot), ctx.idempotencyKey)
    await replaceFile(written.html, renderHtml(report, pathToRoot), ctx.idempotencyKey)
    return written
  },
  { retry: ioRetry },
)

/** `key` keeps the temporary files of two runs apart. */
async function replaceFile(path: string, text: string, key: string): Promise<void> {
  const temporary = `${path}.${key.replace(/[^\w-]/g, '_')}.tmp`
  await writeFile(temporary, text)
  await rename(temporary, path)
}
