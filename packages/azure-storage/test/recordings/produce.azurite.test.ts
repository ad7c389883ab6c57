/** Every recorded scenario once more, by our client and worker on an emulator: what is left behind is what .NET left behind, apart from the listed differences. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dotnetOrchestrations } from '../../../core/test/recordings/orchestrations.js'
import { startAzurite, type Azurite } from '../azurite.js'
import { openHub } from '../conformance/open-hub.js'
import { connect } from '../partitions/azurite-hub.js'
import { StoredHub } from '../stored-hub.js'
import type { Scenario } from './canonical-scenario.js'
import { compareScenarios, scenarioOf } from './compare-scenarios.js'
import { unexplained } from './produced-differences.js'
import { QueueRecorder } from './queue-recorder.js'
import { readRecording, recordedScenarios, type Recording } from './recording.js'
import { ScenarioClient } from './scenario-client.js'

let azurite: Azurite
let recorder: QueueRecorder
beforeAll(async () => {
  azurite = await startAzurite()
  recorder = await QueueRecorder.start(azurite)
})
afterAll(async () => {
  await recorder.stop()
  await azurite.stop()
})

let runs = 0

async function produced(scenario: string, withBoth: boolean): Promise<Scenario> {
  const recording = readRecording('2.9.1', scenario)
  const hub = `produced${++runs}x`
  const service = openHub(recorder.connectionString, { taskHub: hub, partitionCount: 1, localActivities: withBoth, appLease: false })
  const run = new ScenarioClient({ service, recording, recorder, hub, orchestrations: dotnetOrchestrations(recording.settings, true), cache: withBoth })
  await run.run()
  await service.close()
  const stored = new StoredHub(connect(azurite.connectionString), hub)
  const [history, instances, blobs] = await Promise.all([stored.rows('History'), stored.rows('Instances'), stored.blobs()])
  return { hub, history, instances, blobs, messages: recorder.messagesOf(hub) }
}

/** The programme that was recorded had another name for each version, which its payloads mention. */
function recorded(version: '1.17.5' | '2.9.1', scenario: string): Scenario {
  const text = JSON.stringify(readRecording(version, scenario)).replaceAll(', anchor29', ', anchor')
  return scenarioOf(JSON.parse(text) as Recording)
}

function renamed(scenario: Scenario): Scenario {
  const { blobs, ...rest } = scenario
  return { ...(JSON.parse(JSON.stringify(rest).replaceAll(', anchor29', ', anchor')) as Omit<Scenario, 'blobs'>), blobs }
}

describe.concurrent('without cache and local activities', () => {
  it.each(recordedScenarios('2.9.1'))('%s', async (scenario) => {
    const ours = renamed(await produced(scenario, false))
    for (const version of ['2.9.1', '1.17.5'] as const) expect({ version, differences: unexplained(scenario, compareScenarios(ours, recorded(version, scenario))) }).toStrictEqual({ version, differences: [] })
  }, 90_000)
})
