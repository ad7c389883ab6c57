/** What a checker found wrong: the name of the rule, where, and what was seen. */
export interface Violation {
  readonly rule: string
  readonly instanceId?: string | undefined
  readonly detail: string
}

/** Collects what is wrong with one instance. */
export class Findings {
  readonly violations: Violation[] = []

  constructor(readonly instanceId?: string | undefined) {}

  add(rule: string, detail: string): void {
    this.violations.push({ rule, instanceId: this.instanceId, detail })
  }
}

export function describeViolation({ rule, instanceId, detail }: Violation): string {
  return `${rule}: ${instanceId === undefined ? '' : `${instanceId}: `}${detail}`
}
