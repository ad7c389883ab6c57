/** The entry of a process that uses a file with less rights than the test: `node worker.mjs {"file":…,"asNobody":…}`. Reports what was acknowledged, and what was refused. */
import { TaskHubClient } from '@dtfx/core'
import { DurableError } from '@dtfx/core/provider'
import { createOrchestrationService } from '@dtfx/sqlite'

const nobody = 65_534
const args = JSON.parse(process.argv[2] ?? '{}') as { readonly file: string; readonly asNobody: boolean }
// A write beyond the limit of the size of a file is an error for us, and no reason to die.
process.on('SIGXFSZ', () => {})
if (args.asNobody) {
  process.setgroups?.([])
  process.setgid?.(nobody)
  process.setuid?.(nobody)
}
let acknowledged = 0
let error: unknown
try {
  const service = createOrchestrationService({ file: args.file })
  await service.createHub()
  const client = new TaskHubClient(service)
  for (const count = args.asNobody ? 5 : 1_000; acknowledged < count; acknowledged++) await client.start('Any', 'x'.repeat(50_000))
} catch (caught) {
  error = caught
}
const refusal = error === undefined ? {} : DurableError.is(error) ? { code: error.code } : { code: String(error) }
process.stdout.write(JSON.stringify({ acknowledged, ...refusal, names: DurableError.is(error) && error.message.includes(args.file) }), () => process.exit(0))
