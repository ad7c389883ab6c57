import { describe, expect, it } from 'vitest'
import { declarationsWithAny, differences } from '../packages/report-rules.mjs'

/** A report as it lies in git, with these declarations. */
const report = (...declarations: string[]): string => `## API Report File\n\n\`\`\`ts\n\n${declarations.map((each) => `// @public\n${each}\n`).join('\n')}\n\`\`\`\n`

describe('differences', () => {
  it('are none between equal reports, whatever ends their lines', () => {
    const text = report('export const a: 1;')
    expect(differences(text, text)).toEqual([])
    expect(differences(text.replaceAll('\n', '\r\n'), text)).toEqual([])
  })

  it('name what went and what came', () => {
    expect(differences(report('export const a: 1;'), report('export const a: 2;'))).toEqual(['- export const a: 1;', '+ export const a: 2;'])
  })

  it('see another order of the same lines, and a line that is there once more', () => {
    const [a, b] = ['export const a: 1;', 'export const b: 2;']
    expect(differences(report(a!, b!), report(b!, a!))).not.toEqual([])
    expect(differences(report(a!), report(a!, a!))).not.toEqual([])
  })

  it('are shown in part when there are many', () => {
    const many = Array.from({ length: 50 }, (_, index) => `export const c${index}: 1;`)
    expect(differences(report(), report(...many)).at(-1)).toMatch(/^… and \d+ more lines$/)
  })
})

describe('any', () => {
  it('is found wherever it stands, by the name of its declaration', () => {
    const found = declarationsWithAny(
      report(
        'export function call(input: any): void;',
        'export interface Box { readonly deep: readonly { items: Map<string, any> }[] }',
        'export type Loose<T = any> = T;',
        'export const value: () => any;',
        'export class Host { run(): Promise<any>; }',
      ),
    )
    expect(found).toEqual(['call', 'Box', 'Loose', 'value', 'Host'])
  })

  it('is allowed in fromGenerator, and as a word', () => {
    const allowed = ['export function fromGenerator(of: Generator<any>): void;', "// any\nexport type Word = 'any';", 'export interface Company { many: number }']
    expect(declarationsWithAny(report(...allowed))).toEqual([])
  })
})
