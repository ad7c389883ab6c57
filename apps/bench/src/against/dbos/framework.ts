/**
 * DBOS Transact on a PostgreSQL server of this machine: worker and client in this process, a database of its own, which goes away in the end.
 * The server is asked whether its commits wait for the disk, as ours do with `durability: full`; one whose commits do not is refused.
 */
import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Framework, OrchestrationName } from '../../framework.js'
import { PostgresServer } from './postgres-server.js'
import { registerWorkflows } from './workflows.js'

/** Its default, and of 10, 20 and 50 the one with which it is fastest. */
const connections = 10

const silent = { info: () => {}, debug: () => {}, warn: () => {}, error: (problem: unknown) => void process.stderr.write(`dbos: ${problem instanceof Error ? problem.message : String(problem)}\n`) }

export async function openDbos(): Promise<Framework> {
  const server = await PostgresServer.open()
  const workflows = registerWorkflows()
  try {
    DBOS.setConfig({ name: 'dtfx-bench', systemDatabaseUrl: server.databaseUrl, systemDatabasePoolSize: connections, logger: silent })
    await DBOS.launch()
  } catch (error) {
    await server.close()
    throw error
  }
  let over: string[] = []
  return {
    name: 'dbos',
    resume: async () => {},
    pause: async () => {
      await DBOS.deleteWorkflows(over)
      over = []
    },
    start: async (orchestration: OrchestrationName, input = 0) => {
      const handle = await DBOS.startWorkflow(workflows[orchestration])(input)
      return { result: () => handle.getResult(), purge: async () => void over.push(handle.workflowID) }
    },
    close: async () => {
      await DBOS.shutdown({ deregister: true })
      await server.close()
    },
  }
}
