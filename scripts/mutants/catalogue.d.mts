export interface Mutant {
  readonly name: string
  readonly file: string
  readonly breaks: string
  readonly caughtBy: 'conformance' | 'simulation'
}
export const mutants: readonly Mutant[]
