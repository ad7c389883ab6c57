import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { scanTarget } from '../src/scan-target.js'
import { UserError } from '../src/user-error.js'
import { temporaryFolder } from './temporary-folder.js'

it('takes a folder as its own repository, or finds the one around it', async () => {
  const root = await temporaryFolder({ 'docs/a.md': '' })
  expect(await scanTarget('docs', root)).toEqual({ root: join(root, 'docs'), top: join(root, 'docs'), title: 'docs', include: ['.'] })
  await mkdir(join(root, '.git'))
  expect(await scanTarget(join(root, 'docs'), '/')).toMatchObject({ root: join(root, 'docs'), top: root })
})

it('follows a symbolic link to the folder', async () => {
  const root = await temporaryFolder({ 'docs/a.md': '' })
  await symlink('docs', join(root, 'link'))
  expect(await scanTarget('link', root)).toMatchObject({ root: join(root, 'docs') })
})

it('takes README and docs of this repository by default', async () => {
  const target = await scanTarget(undefined, '/')
  expect(target.root).toBe(target.top)
  expect(['README.md', 'docs']).toEqual(expect.arrayContaining([...target.include]))
})

it('says what is wrong with a folder', async () => {
  const root = await temporaryFolder({ 'docs/a.md': '' })
  await expect(scanTarget('nope', root)).rejects.toThrow(new UserError(`There is no folder 'nope' (looked for ${join(root, 'nope')}).`))
  await expect(scanTarget('docs/a.md', root)).rejects.toThrow(new UserError("'docs/a.md' is a file; give a folder, for instance 'docs'."))
  await expect(scanTarget('docs/a.md/x', root)).rejects.toThrow(UserError)
})
