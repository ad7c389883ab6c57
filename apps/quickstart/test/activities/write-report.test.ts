import { runActivity } from '@dtfx/testing'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeReport } from '../../src/activities/write-report.js'
import { sampleReport } from '../report/sample-report.js'
import { temporaryFolder } from '../temporary-folder.js'

it('writes both files, again and again, and leaves nothing else', async () => {
  const root = await temporaryFolder({ 'docs/README.md': '' })
  const reportFolder = join(root, 'out/deep')
  const input = { root: join(root, 'docs'), reportFolder, report: sampleReport }
  await runActivity(writeReport, input)
  expect(await runActivity(writeReport, input)).toEqual({ markdown: join(reportFolder, 'report.md'), html: join(reportFolder, 'report.html') })
  expect((await readdir(reportFolder)).sort()).toEqual(['report.html', 'report.md'])
  expect(await readFile(join(reportFolder, 'report.md'), 'utf8')).toContain('](<../../docs/README.md>)')
})

it('says which path is in the way', async () => {
  const root = await temporaryFolder({ out: 'a file' })
  await expect(runActivity(writeReport, { root, reportFolder: join(root, 'out'), report: sampleReport })).rejects.toMatchObject({ code: 'EEXIST', path: join(root, 'out') })
})
