import { readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

/** Every block marked `ts` in the README and the docs is a module of its own and must type-check against the sources. */
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

interface Block {
  readonly file: string
  readonly line: number
  readonly code: string
}

function markdownFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return markdownFiles(path)
    return name.endsWith('.md') ? [path] : []
  })
}

function blocksOf(file: string): Block[] {
  const blocks: Block[] = []
  const lines = readFileSync(file, 'utf8').split('\n')
  let start = -1
  lines.forEach((line, index) => {
    if (start < 0 && line === '```ts') start = index + 1
    else if (start >= 0 && line === '```') {
      blocks.push({ file: relative(root, file), line: start + 1, code: lines.slice(start, index).join('\n') })
      start = -1
    }
  })
  return blocks
}

/** Where the packages that a block imports are installed. */
const homeOf = ({ file }: Block): string => (file.includes('service-bus-emulator') ? 'packages/service-bus-emulator/test' : 'docs/test')

const documents = [join(root, 'README.md'), join(root, 'CONTRIBUTING.md'), ...markdownFiles(join(root, 'docs')), ...['azure-storage', 'core', 'sqlite', 'testing', 'service-bus-emulator'].map((name) => join(root, 'packages', name, 'README.md'))]
const blocks = documents.flatMap(blocksOf)

test('there are code blocks to check', () => {
  expect(blocks.length).toBeGreaterThan(20)
})

test('every TypeScript block in the documentation type-checks', () => {
  const config = ts.parseJsonConfigFileContent(ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config, ts.sys, root)
  const options = { ...config.options, noUnusedLocals: false, noUnusedParameters: false, types: ['node'], skipLibCheck: true }
  const virtual = new Map(blocks.map((block, index) => [join(root, homeOf(block), `block-${index}.ts`), block]))
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  host.readFile = (name) => virtual.get(name)?.code ?? readFile.call(host, name)
  host.fileExists = (name) => virtual.has(name) || fileExists.call(host, name)
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const block = virtual.get(name)
    return block === undefined ? getSourceFile.call(host, name, languageVersion, ...rest) : ts.createSourceFile(name, `${block.code}\nexport {}\n`, languageVersion, true)
  }
  const program = ts.createProgram([...virtual.keys()], options, host)
  const problems = ts.getPreEmitDiagnostics(program).flatMap((diagnostic) => {
    const block = diagnostic.file === undefined ? undefined : virtual.get(diagnostic.file.fileName)
    if (block === undefined) return []
    const line = block.line + (diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? 0)
    return [`${block.file}:${line} ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`]
  })
  expect(problems).toEqual([])
}, 120_000)
