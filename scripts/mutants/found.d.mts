import type { Mutant } from './catalogue.mjs'

export interface Found {
  readonly caught: { readonly by: 'conformance' | 'simulation' }
  readonly ms: number
}
export function readFound(): Readonly<Record<string, Found>>
export function tableRow(mutant: Mutant, found: Found | undefined): string
