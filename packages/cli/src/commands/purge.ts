/** `dtfx purge`: deletes finished instances with their histories and payloads. */
import type { Command } from 'commander'
import { DurableError } from '@dtfx/core'
import type { Session } from '../session.js'
import { action, type Context, type Given } from './action.js'
import { addInstancesArguments, forInstances, type InstancesOptions, type InstancesWork } from './for-instances.js'

interface PurgeOptions extends InstancesOptions {
  readonly recursive?: true
}

export function addPurge(program: Command, context: Context): void {
  addInstancesArguments(program.command('purge').description('Deletes finished instances, with their histories and payloads.'), context)
    .option('--recursive', 'also the children, and theirs; nothing is deleted if one of them has not ended')
    .action(action(context, (session, given: Given<PurgeOptions>) => forInstances(session, context, given, purgeOf(session, given.options))))
}

function purgeOf({ client }: Session, { recursive }: PurgeOptions): InstancesWork {
  return {
    question: `Delete${recursive === true ? ', with their children,' : ''} the finished instances`,
    one: async (instanceId) => {
      const purged = await client.purge(instanceId, { recursive })
      if (purged === 0) throw new DurableError('DTFX_INSTANCE_NOT_FOUND', { instanceId })
      return [`${instanceId}: purged${purged === 1 ? '' : `, with ${purged - 1} of its children`}`, { instanceId, purged }]
    },
    all: (filter, options) => client.purgeAll(filter, { ...options, recursive }),
  }
}
