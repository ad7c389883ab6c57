/** Reads one file as UTF-8 text, within a limit. What is no text says why; I/O errors are thrown as they are (`error.code`), so that a retry policy can tell them apart. */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { limits } from '../check-report.js'

export type FileText = { readonly text: string; readonly bytes: number; readonly hash: string } | { readonly skipped: string; readonly bytes: number }

export async function readText(path: string): Promise<FileText> {
  const { size, isRegular } = await stat(path).then((found) => ({ size: found.size, isRegular: found.isFile() }))
  // Before it is opened: opening a pipe waits until somebody writes to it.
  if (!isRegular) return { skipped: 'not a regular file', bytes: 0 }
  if (size > limits.maxFileBytes) return { skipped: `larger than ${limits.maxFileBytes / 1024 / 1024} MiB`, bytes: size }
  const content = await readFile(path)
  const text = decodeUtf8(content)
  if (text === undefined) return { skipped: 'not a UTF-8 text', bytes: content.length }
  return { text, bytes: content.length, hash: createHash('sha256').update(content).digest('hex').slice(0, 12) }
}

function decodeUtf8(content: Buffer): string | undefined {
  if (content.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    return undefined
  }
}
