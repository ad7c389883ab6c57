/** The recordings of the .NET framework under `../fixtures/recordings` (see the README there), as values. */
import { readdirSync, readFileSync } from 'node:fs'

/** A row of an Azure table: columns by name, types of some in `<name>@odata.type`. */
export type TableRow = Readonly<Record<string, string | number | boolean>>

export interface Recording {
  readonly scenario: string
  readonly settings: { readonly errorPropagationMode: 'SerializeExceptions' | 'UseFailureDetails'; readonly includeDetails: boolean }
  readonly facts: readonly { readonly k: string; readonly v: unknown }[]
  readonly history: readonly TableRow[]
  readonly instances: readonly TableRow[]
  /** Texts of the queue messages in the order they were put. */
  readonly messages: readonly string[]
}

/** Versions of DurableTask.AzureStorage that were recorded. */
export const recordedVersions = ['1.17.5', '2.9.1'] as const
export type RecordedVersion = (typeof recordedVersions)[number]

const folder = (version: RecordedVersion): URL => new URL(`../fixtures/recordings/${version}/`, import.meta.url)

export function recordedScenarios(version: RecordedVersion): string[] {
  return readdirSync(folder(version)).map((file) => file.replace(/\.json$/, ''))
}

export function readRecording(version: RecordedVersion, scenario: string): Recording {
  return JSON.parse(readFileSync(new URL(`${scenario}.json`, folder(version)), 'utf8')) as Recording
}
