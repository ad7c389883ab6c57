/** Which recordings are replayed, and why the others are not. A test proves that every recording is in exactly one of the two lists. */

/** Recordings without a history that could be replayed to an end. */
export const notReplayed: Readonly<Record<string, string>> = {
  nondeterministic: 'the code of its replay differs from that of its first run on purpose; its own test proves that this is reported',
  'unknown-orchestration': 'no worker knew the name: there is no history, the instance stayed Pending',
  'unknown-version': 'no worker knew the version: there is no history, the instance stayed Pending',
  'unknown-activity': 'no worker knew the activity: the history has no end; its only turn is compared in the test of single turns',
  'unknown-activity-failure-details': 'as unknown-activity',
}

/** Recordings of .NET that are not among the fixtures. */
export const notTaken: Readonly<Record<string, string>> = {
  'malformed-input': 'queue messages and rows that were damaged on purpose: no run of an orchestration; how damaged texts are refused is in wire-golden.test.ts',
  'partition-mapping': 'a table of hashes, for the provider of Azure Storage',
}

/** Recordings that were made without an orchestration of their own reaching an end, but whose turns are sound. */
export const onlyTurns: readonly string[] = ['unknown-activity', 'unknown-activity-failure-details']

export interface Leniency {
  /** Why the text of the failure is not that of .NET. */
  readonly failureText?: string
  /** Why the result is compared as a value, not as text. */
  readonly resultAsValue?: string
  /** Why single turns are not compared. */
  readonly turns?: string
}

/** Where a replay may differ from the recording. */
export const lenient: Readonly<Record<string, Leniency>> = {
  'bad-orchestration-input': { failureText: 'the text is that of the .NET JSON reader, which could not convert the input; here the orchestration refuses it' },
  'object-input': { resultAsValue: '.NET writes a double without fraction as 1.0, JavaScript as 1' },
  rewind: { turns: 'the rewind turned what its turns decided into GenericEvents, so that these turns now decide later what they decided then' },
}
