import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkFile } from '../src/activities/check-file.js'
import { UserError } from '../src/user-error.js'
import { sampleFiles, writeSample } from '../src/write-sample.js'
import { temporaryFolder } from './temporary-folder.js'

it('is the same every time, in folders of 50', () => {
  const files = sampleFiles(120)
  expect([...files]).toEqual([...sampleFiles(120)])
  expect(new Set([...files.keys()].map((path) => path.split('/')[0]))).toEqual(new Set(['part-0000', 'part-0001', 'part-0002']))
})

it('has no broken links, and many that are checked', async () => {
  const root = await temporaryFolder()
  await writeSample(root, 60)
  await writeSample(root, 60)
  expect(await readdir(root)).toEqual(['part-0000', 'part-0001'])
  for (const path of ['part-0000/page-0000.md', 'part-0001/page-0059.md']) {
    expect(await checkFile.run({} as never, { root, top: root, path } as never)).toMatchObject({ status: 'checked', brokenCount: 0, links: 36 })
  }
})

it('overwrites nothing', async () => {
  const root = await temporaryFolder({ 'mine/README.md': 'text' })
  await mkdir(join(root, 'empty'))
  await writeFile(join(root, 'mine/notes.txt'), '')
  await expect(writeSample(join(root, 'mine'), 3)).rejects.toThrow(UserError)
  expect(await readFile(join(root, 'mine/README.md'), 'utf8')).toBe('text')
})
