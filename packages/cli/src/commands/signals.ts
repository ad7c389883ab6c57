/** `dtfx terminate | suspend | resume | rewind`: messages to instances, applied by the next turn of each, when a worker runs. */
import type { Command } from 'commander'
import type { Session } from '../session.js'
import { action, type Context, type Given } from './action.js'
import { addInstancesArguments, forInstances, type InstancesOptions, type InstancesWork } from './for-instances.js'
import { liveState } from './live-state.js'

interface SignalOptions extends InstancesOptions {
  readonly reason?: string
  readonly recursive?: true
}

interface Signal {
  readonly name: 'terminate' | 'suspend' | 'resume' | 'rewind'
  readonly description: string
  work(session: Session, options: SignalOptions): InstancesWork
}

const signals: readonly Signal[] = [
  {
    name: 'terminate',
    description: 'Ends instances with their next turn.',
    work: (session, { reason, recursive }) => ({
      question: `Terminate${recursive === true ? ', with their children,' : ''} the live instances`,
      one: async (id) => {
        // Of an instance that has ended, the children may still run.
        if (recursive !== true) await liveState(session, id, 'terminate')
        await session.client.terminate(id, reason, { recursive })
        return sent(id, 'terminate')
      },
      all: (filter, options) => session.client.terminateAll(filter, { ...options, reason, recursive }),
    }),
  },
  {
    name: 'suspend',
    description: 'Holds instances: what arrives for them meanwhile is kept.',
    work: (session, { reason }) => ({
      question: 'Suspend the running instances',
      one: async (id) => {
        await liveState(session, id, 'suspend')
        await session.client.suspend(id, reason)
        return sent(id, 'suspend')
      },
      all: (filter, options) => session.client.suspendAll(filter, { ...options, reason }),
    }),
  },
  {
    name: 'resume',
    description: 'Lets suspended instances go on.',
    work: (session, { reason }) => ({
      question: 'Resume the suspended instances',
      one: async (id) => {
        await liveState(session, id, 'resume')
        await session.client.resume(id, reason)
        return sent(id, 'resume')
      },
      all: (filter, options) => session.client.resumeAll(filter, { ...options, reason }),
    }),
  },
  {
    name: 'rewind',
    description: 'Lets failed instances try again from their failed calls on.',
    work: (session, { reason }) => ({
      question: 'Rewind the failed instances',
      one: async (id) => {
        await session.client.rewind(id, reason)
        return sent(id, 'rewind')
      },
      all: (filter, options) => session.client.rewindAll(filter, { ...options, reason }),
    }),
  },
]

export function addSignals(program: Command, context: Context): void {
  for (const { name, description, work } of signals) {
    const command = addInstancesArguments(program.command(name).description(description), context).option('-r, --reason <text>', 'kept in the history')
    if (name === 'terminate') command.option('--recursive', 'also the children, and theirs')
    command.action(action(context, (session, given: Given<SignalOptions>) => forInstances(session, context, given, work(session, given.options))))
  }
}

function sent(instanceId: string, message: Signal['name']): readonly [string, unknown] {
  return [`${instanceId}: ${message} sent`, { instanceId, sent: message }]
}
