import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { limits } from '../../src/check-report.js'
import { readText } from '../../src/files/read-text.js'
import { temporaryFolder } from '../temporary-folder.js'

it('reads UTF-8, without the mark at its beginning', async () => {
  const root = await temporaryFolder({ 'a.md': '\ufeff# Ü' })
  expect(await readText(join(root, 'a.md'))).toEqual({ text: '# Ü', bytes: 7, hash: expect.stringMatching(/^[0-9a-f]{12}$/) as string })
})

it('skips what is no text, or too much of it', async () => {
  const root = await temporaryFolder({
    'zero.md': 'a\0b',
    'latin1.md': Uint8Array.of(0x66, 0xfc, 0x72),
    'huge.md': new Uint8Array(limits.maxFileBytes + 1),
  })
  await mkdir(join(root, 'folder.md'))
  const reason = async (name: string): Promise<unknown> => (await readText(join(root, name)) as { skipped?: string }).skipped
  expect(await reason('zero.md')).toBe('not a UTF-8 text')
  expect(await reason('latin1.md')).toBe('not a UTF-8 text')
  expect(await reason('huge.md')).toBe('larger than 5 MiB')
  expect(await reason('folder.md')).toBe('not a regular file')
})

it('leaves I/O errors to the caller', async () => {
  await expect(readText(join(await temporaryFolder(), 'nope.md'))).rejects.toMatchObject({ code: 'ENOENT' })
})
