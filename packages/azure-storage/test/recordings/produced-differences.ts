/** What our own runs of the recorded scenarios leave behind otherwise than .NET did, each with its reason. */
export interface ProducedDifference {
  /** Scenarios it is seen in. */
  readonly scenario: RegExp
  readonly line: RegExp
  readonly why: string
}

export const producedDifferences: readonly ProducedDifference[] = []

export function unexplained(scenario: string, differences: readonly string[]): readonly string[] {
  return differences.filter((line) => !producedDifferences.some((each) => each.scenario.test(scenario) && each.line.test(line)))
}
