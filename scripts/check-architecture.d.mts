/** Types of check-architecture.mjs, for its tests. */
export interface Finding {
  /** Path from the root of the repository. */
  readonly file: string
  /** 1-based; undefined when the file as a whole is meant. */
  readonly line: number | undefined
  readonly rule: string
  readonly problem: string
}

export function checkArchitecture(root: string): Finding[]

/** `file:line [rule] problem` */
export function describeFinding(finding: Finding): string
