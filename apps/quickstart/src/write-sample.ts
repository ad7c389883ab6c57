/** `quickstart sample`: a folder of Markdown that is large enough to stop a run in its middle. The same number of files is the same folder, byte for byte. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from './user-error.js'

const filesPerFolder = 50
const paragraphs = 12

/** Path in the folder → text. `files` in folders of 50; every link leads somewhere. */
export function sampleFiles(files: number): ReadonlyMap<string, string> {
  const paths = Array.from({ length: files }, (_, index) => `part-${number(Math.floor(index / filesPerFolder))}/page-${number(index)}.md`)
  return new Map(paths.map((path, index) => [path, page(index, paths)]))
}

/** @throws UserError when something else is there */
export async function writeSample(folder: string, files: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const others = (await readdir(folder)).filter((name) => !/^part-\d+$/.test(name))
  if (others.length > 0) throw new UserError(`There are other files in ${folder} (${others[0]}): give a folder that is empty or missing.`)
  for (const [path, text] of sampleFiles(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

function page(index: number, paths: readonly string[]): string {
  const link = (to: number): string => {
    const target = (to + paths.length) % paths.length
    return `[page ${target}](../${paths[target]}#page-${target})`
  }
  const text = Array.from({ length: paragraphs }, (_, each) => `See ${link(index + each * each + 1)} and ${link(index - each - 1)}, or go [back to the top](#page-${index}).`)
  return [`# Page ${index}`, ...text, ''].join('\n\n')
}

function number(value: number): string {
  return String(value).padStart(4, '0')
}
