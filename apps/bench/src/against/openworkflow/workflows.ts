/** The same orchestrations as ours, in the style of openworkflow: steps are closures with a name. */
import type { OpenWorkflow } from 'openworkflow'
import type { OrchestrationName } from '../../framework.js'
import { cities } from '../../ours/definitions.js'

type Run = ReturnType<OpenWorkflow['defineWorkflow']>

export function defineWorkflows(client: OpenWorkflow): Readonly<Record<OrchestrationName, Pick<Run, 'run'>>> {
  return {
    HelloSequence: client.defineWorkflow({ name: 'HelloSequence' }, async ({ step }) => {
      const result: string[] = []
      for (const city of cities) result.push(await step.run({ name: city }, () => `Hello ${city}!`))
      return result
    }),
    OneActivity: client.defineWorkflow({ name: 'OneActivity' }, ({ step }) => step.run({ name: 'Tokyo' }, () => 'Hello Tokyo!')),
    Parallel: client.defineWorkflow({ name: 'Parallel' }, async ({ input, step }) => {
      const steps = Array.from({ length: input as number }, (_, i) => step.run({ name: `${i}` }, () => ({ v: i + 1 })))
      return (await Promise.all(steps)).reduce((sum, { v }) => sum + v, 0)
    }),
  }
}
