/** The same orchestrations as ours, in the style of DBOS: registered functions whose steps are closures with a name. */
import { DBOS } from '@dbos-inc/dbos-sdk'
import type { OrchestrationName } from '../../framework.js'
import { cities } from '../../ours/definitions.js'

type Run = (input: number) => Promise<unknown>

export function registerWorkflows(): Readonly<Record<OrchestrationName, Run>> {
  return {
    HelloSequence: DBOS.registerWorkflow(helloSequence, { name: 'HelloSequence' }),
    OneActivity: DBOS.registerWorkflow(oneActivity, { name: 'OneActivity' }),
    Parallel: DBOS.registerWorkflow(parallel, { name: 'Parallel' }),
  }
}

function hello(city: string): Promise<string> {
  return DBOS.runStep(async () => `Hello ${city}!`, { name: 'Hello' })
}

async function helloSequence(_input: number): Promise<string[]> {
  const result: string[] = []
  for (const city of cities) result.push(await hello(city))
  return result
}

async function oneActivity(_input: number): Promise<string> {
  return hello('Tokyo')
}

async function parallel(count: number): Promise<number> {
  const steps = Array.from({ length: count }, (_, i) => DBOS.runStep(async () => ({ v: i + 1 }), { name: 'Next' }))
  return (await Promise.all(steps)).reduce((sum, { v }) => sum + v, 0)
}
