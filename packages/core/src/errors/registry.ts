/**
 * Every error code of the framework with its message template. Public contract: a code never changes its meaning, and each has a heading in docs/errors.md
 * (a test proves both directions). `{field}` is replaced by the detail of that name. The text says what happened and what to do.
 */
export const errorTemplates = {
  // definitions and configuration
  DTFX_INVALID_NAME: "{what} name '{name}' is not valid: use 1 to 512 characters, not blank, without control characters.",
  DTFX_DUPLICATE_DEFINITION: "{what} '{name}' version '{version}' is registered twice. Register each name and version once.",
  DTFX_INVALID_DURATION: "{what} is '{value}'. Give milliseconds ≥ 0, or text like '500ms', '1.5s', '30m', '2h', '7d'.",
  DTFX_INVALID_TIME: '{what} is not a valid time: {value}. Give a Date between the years 1 and 9999.',
  DTFX_INVALID_OPTION: '{what}: {problem}',
  DTFX_INVALID_TAGS: 'Tags of {what}: {problem}',
  DTFX_INVALID_INSTANCE_ID: "Instance id '{instanceId}' is not valid: use 1 to 256 characters, without control characters, not starting with '@' (reserved for entities).",
  DTFX_CONFIG_NOT_FOUND: 'No provider is configured. Pass a configuration to loadOrchestrationService, set DTFX_PROVIDER, or add dtfx.config.json to {folder} or a folder above it.',
  DTFX_CONFIG_INVALID: "Configuration {source}: '{key}' {problem}",
  DTFX_PROVIDER_NOT_FOUND: "Provider '{provider}' (named in {source}) is not installed: package '{packageName}' was not found from {folder}. Run: npm install {packageName}",
  DTFX_PROVIDER_INVALID: "Package '{packageName}' (named in {source}) is no provider: it does not export createOrchestrationService.",
  DTFX_NOT_SUPPORTED: "Provider '{provider}' does not support {what}.",
  // payloads
  DTFX_NOT_SERIALIZABLE: 'Value of {what} cannot be serialised: {problem} at {path}.',
  DTFX_PAYLOAD_UNREADABLE: 'Payload of {what} cannot be read: {problem}',
  DTFX_PAYLOAD_TOO_LARGE: 'Payload of {what} has {length} characters; the limit is {limit}. Store it elsewhere and pass a reference.',
  DTFX_PAYLOAD_TRUNCATED: '{what} was cut by .NET at {limit} characters: the whole of it is not stored.',
  DTFX_PAYLOAD_CODEC: 'Payload was written with codec {codec}, key {key}, which is not configured here or does not fit: {problem}',
  DTFX_SCHEMA_MISMATCH: '{what} does not match its schema: {problem}',
  DTFX_SCHEMA_ASYNC: 'The schema of {what} validates asynchronously. Only synchronous schemas work where a history is replayed.',
  // starting and addressing instances
  DTFX_INSTANCE_EXISTS: "Orchestration '{instanceId}' already exists with status {status}. Choose another id, or pass reuse: 'replaceFinished', 'skip' or 'replace'.",
  DTFX_INSTANCE_NOT_FOUND: "Orchestration '{instanceId}' does not exist.",
  DTFX_INSTANCE_NOT_FINISHED: "Orchestration '{instanceId}' is {status}; {what} needs a finished one.",
  DTFX_INSTANCE_FINISHED: "Orchestration '{instanceId}' is {status}; {what} needs one that has not ended.",
  DTFX_HUB_NOT_FOUND: 'There is no {hub}. Check its name; a worker creates it when it starts, and so does dtfx hub create.',
  DTFX_MESSAGE_NOT_FOUND: "No message '{messageId}' is set aside.",
  DTFX_REWIND_NOT_FAILED: "Orchestration '{instanceId}' is {status}; only a failed one can be rewound.",
  DTFX_CHILD_ID_IN_USE: "Sub-orchestration id '{instanceId}' is in use by another orchestration. Leave the id out, or choose one of your own.",
  // outcomes
  DTFX_ORCHESTRATION_FAILED: "Orchestration '{name}' ({instanceId}) failed: {problem}",
  DTFX_ORCHESTRATION_TERMINATED: "Orchestration '{name}' ({instanceId}) was terminated: {problem}",
  DTFX_WAIT_TIMEOUT: "Orchestration '{instanceId}' was still {status} after {timeoutMs} ms.",
  DTFX_TASK_FAILED: "Activity '{name}' (#{taskId}) failed: {problem}",
  DTFX_SUB_ORCHESTRATION_FAILED: "Sub-orchestration '{name}' (#{taskId}, {instanceId}) failed: {problem}",
  DTFX_TASK_TIMEOUT: "{what} '{name}' (#{taskId}) did not finish within {timeoutMs} ms.",
  DTFX_TASK_CANCELED: "{what} '{name}' (#{taskId}) was cancelled.",
  DTFX_NON_RETRYABLE: '{problem}',
  DTFX_RETRY_AFTER: '{problem}',
  // the engine
  DTFX_NONDETERMINISTIC: '{report}',
  DTFX_HISTORY_CORRUPT: "History of '{instanceId}' cannot be replayed: {problem}",
  DTFX_HISTORY_TOO_LONG: "History of '{instanceId}' has {count} events; the limit is {limit}. Use ctx.continueAsNew.",
  DTFX_TOO_MANY_ACTIONS: "Orchestration '{instanceId}' scheduled more than {limit} tasks in one turn.",
  DTFX_TOO_MANY_EVENTS: "Orchestration '{instanceId}' has {limit} external events that nobody waits for.",
  DTFX_BLOCKED_ON_FOREIGN_PROMISE:
    "Orchestration '{name}' ({instanceId}) waits, but no durable task is open: it awaits a promise that is not durable (I/O, a timer, fetch …). Do that in an activity.",
  DTFX_USED_OUTSIDE_TURN:
    "ctx.{api} of orchestration '{name}' ({instanceId}) was called outside its turn: before the call a promise was awaited that is not durable. Do I/O in an activity and wait with ctx.createTimer.",
  DTFX_FORBIDDEN_IN_ORCHESTRATION: "{api} is not deterministic and cannot be used in orchestration '{name}' ({instanceId}): {hint}.",
  DTFX_FOREIGN_RESOURCE: "Orchestration '{name}' ({instanceId}) started something that is not durable: {resource}. Do I/O in an activity.",
  DTFX_UNKNOWN_ORCHESTRATION: "No orchestration '{name}'{version} is registered on this worker. Registered: {known}.",
  DTFX_UNKNOWN_ACTIVITY: "No activity '{name}'{version} is registered on this worker. Registered: {known}.",
  DTFX_VERSION_MISMATCH: "Orchestration '{name}' has version '{version}', which worker version '{workerVersion}' does not take ({strategy}).",
  DTFX_MIDDLEWARE_FAILED: "Middleware failed {count} times on {what}: {problem}",
  DTFX_POISON: 'Message {messageId} was set aside: {problem}',
  DTFX_INVALID_OUTCOME: 'Middleware returned an outcome that is not valid for {what}: {problem}',
  // worker and provider
  DTFX_WORKER_STATE: 'The worker is {state}; {what} is not possible.',
  DTFX_CLOSED: 'The orchestration service is closed.',
  DTFX_STALE: "The state of '{instanceId}' was changed by somebody else since it was loaded.",
  DTFX_INSTANCE_GONE: "Instance '{instanceId}' is over or gone; the result of the activity is not needed any more.",
  DTFX_LOCK_LOST: 'The lock of {what} was lost.',
  DTFX_AMBIGUOUS: 'It is unknown whether {what} took effect: {problem}',
  DTFX_TRANSIENT: '{what} failed for a passing reason: {problem}',
  DTFX_PERMANENT: '{what} failed: {problem}',
  DTFX_WIRE_INVALID: '{what} is not valid: {problem}',
  // providers
  DTFX_MIXED_PARTITION_MANAGERS: "Task hub '{taskHub}' is served by workers that share its partitions by leases on blobs ({blobs}), which cannot see the workers of this kind. Stop them, or switch them to the table partition manager, and start again.",
  DTFX_PARTITION_COUNT: "Task hub '{taskHub}' was created with {actual} partitions; this process is configured for {expected}. Give all processes of a hub the same partition count.",
  DTFX_PARTITIONS_HELD: 'Worker {workerId} stopped after {deadlineMs} ms while it still held {partitions}. Other workers take over when its leases run out.',
  DTFX_FOREIGN_WORKERS: "Task hub '{taskHub}' is marked as one of workers of '{framework}', which cannot share it with workers of this framework.",
  DTFX_NODE_TOO_OLD: '{what} does not work on Node.js {version}: {why}. Use Node.js {needed} or later.',
  DTFX_FILE_NOT_OPENED: 'The task hub in {file} cannot be opened: {problem}.',
  DTFX_FILE_READ_ONLY: 'The task hub in {file} cannot be written: {problem}.',
  DTFX_FILE_CORRUPT: 'The file {file} is damaged or not a SQLite database ({problem}). Stop all processes that use it, keep a copy of it, and put a backup in its place.',
  DTFX_FILE_FOREIGN: 'The file {file} is a database of another program. Choose another file; it was left as it is.',
  DTFX_FILE_NEWER: 'The task hub in {file} has version {version}; this package knows versions up to {known}. Use the newer package in all processes of the hub; the file was left as it is.',
  DTFX_FILE_ON_NETWORK: 'The file {file} lies on a network file system ({fileSystem}), where the locks of SQLite do not work. Put it on a local disk.',
  DTFX_FILE_FULL: 'The task hub in {file} cannot grow: the disk, or a quota on it, is full ({problem}). Nothing was half-written. Make room; the work goes on by itself.',
  DTFX_FILE_BUSY: 'The task hub in {file} was locked by another process for too long ({problem}). Look for a program that keeps a transaction open on the file.',
  DTFX_FILE_IO: 'The disk failed for the task hub in {file}: {problem}. Nothing was half-written. Check the disk.',
  DTFX_FILE_FAILED: 'SQLite refused an operation on the task hub in {file}: {problem}',
  // the test kit
  DTFX_TEST_STUCK: 'Nothing more will happen by itself, and {what}.',
} as const

export type ErrorCode = keyof typeof errorTemplates
export const errorCodes = Object.keys(errorTemplates) as readonly ErrorCode[]
