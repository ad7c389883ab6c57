import type { Mutant } from './catalogue.mjs'

export const root: string
/** What no longer applies of some mutants: one line each. */
export function outdated(mutants: readonly Mutant[]): Promise<string[]>
