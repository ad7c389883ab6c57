/** Types of report-rules.mjs, for its tests. */

/** `- old` and `+ new` lines; empty when the texts are equal but for line ends. */
export function differences(committed: string, built: string): string[]

/** Names of declarations that hold `any` and may not. */
export function declarationsWithAny(report: string): string[]
