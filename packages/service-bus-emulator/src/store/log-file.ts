/**
 * A file of lines, each with its checksum. Lines are only added; now and then the whole is replaced by a shorter file with the same meaning.
 * What a crash can leave: a last line that is not complete. It is dropped, because nobody was told that it was written. Anything else that does not fit is damage, and an error.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { EmulatorError } from '../emulator-error.js'

const header = 'dtfx-service-bus-emulator 1'

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0')
const lineOf = (text: string): string => `${checksum(text)} ${text}\n`

export class LogFile {
  #descriptor: number
  #sizeBytes: number

  private constructor(
    readonly path: string,
    descriptor: number,
    sizeBytes: number,
  ) {
    this.#descriptor = descriptor
    this.#sizeBytes = sizeBytes
  }

  /** The file, made if it is not there, and the texts of its lines. */
  static open(path: string, log: ((line: string) => void) | undefined): { readonly file: LogFile; readonly texts: readonly string[] } {
    return guarded(path, () => {
      const descriptor = openSync(path, 'a+')
      const content = readFileSync(path)
      const end = content.lastIndexOf(0x0a) + 1
      if (end < content.length) {
        log?.(`${path}: the last line is not complete and is dropped`)
        ftruncateSync(descriptor, end)
      }
      const file = new LogFile(path, descriptor, end)
      if (end === 0) {
        file.#write(`${header}\n`)
        return { file, texts: [] }
      }
      return { file, texts: readLines(path, content.toString('utf8', 0, end)) }
    })
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  append(text: string): void {
    guarded(this.path, () => this.#write(lineOf(text)))
  }

  /** Replaces everything. A crash leaves the old file or the new one. */
  replace(texts: Iterable<string>): void {
    guarded(this.path, () => {
      const newPath = `${this.path}.new`
      const descriptor = openSync(newPath, 'w+')
      let sizeBytes = writeSync(descriptor, `${header}\n`)
      for (const text of texts) sizeBytes += writeSync(descriptor, lineOf(text))
      fsyncSync(descriptor)
      renameSync(newPath, this.path)
      closeSync(this.#descriptor)
      this.#descriptor = descriptor
      this.#sizeBytes = sizeBytes
    })
  }

  close(): void {
    guarded(this.path, () => {
      fsyncSync(this.#descriptor)
      closeSync(this.#descriptor)
    })
  }

  #write(text: string): void {
    this.#sizeBytes += writeSync(this.#descriptor, text)
  }
}

function readLines(path: string, content: string): string[] {
  const [first, ...lines] = content.slice(0, -1).split('\n')
  if (first !== header) throw corrupt(path, 1, 'it does not start as the file of an emulator')
  return lines.map((line, index) => {
    const text = line.slice(9)
    if (line[8] !== ' ' || line.slice(0, 8) !== checksum(text)) throw corrupt(path, index + 2, 'its checksum is wrong')
    return text
  })
}

function corrupt(path: string, line: number, problem: string): EmulatorError {
  return new EmulatorError('DTFX_EMULATOR_FILE_CORRUPT', `${path}, line ${line}: ${problem}. The file was changed by something else than an emulator, or the disk has failed. Delete it to start empty, or put a copy in its place.`)
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    if (cause instanceof EmulatorError) throw cause
    throw new EmulatorError('DTFX_EMULATOR_FILE', `Cannot use ${path}: ${cause instanceof Error ? cause.message : String(cause)}. Its folder must exist and be writable.`, { cause })
  }
}
