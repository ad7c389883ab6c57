/** Types of check-architecture.mjs, for its tests. */

/** All findings for the repository at `root`, each `file: problem`. */
export function checkArchitecture(root: string): string[]
