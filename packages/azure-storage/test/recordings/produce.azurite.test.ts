/** Every recorded scenario once more, by our client and worker on an emulator: what is left behind is what .NET left behind, apart from the listed differences. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dotnetOrchestrations } from '../../../core/test/recordings/orchestrations.js'
import { startAzurite, type Azurite } from '../azurite.js'
import { openHub } from '../conformance/open-hub.js'
import { DotnetClients } from '../compat/dotnet-clients.js'
import { StoredHub } from '../stored-hub.js'
import type { Scenario } from './canonical-scenario.js'
import { compareScenarios, scenarioOf } from './compare-scenarios.js'
import { asOurs, unexplained, unused } from './produced-differences.js'
import { QueueRecorder } from './queue-recorder.js'
import { readRecording, recordedScenarios } from './recording.js'
import { ScenarioClient } from './scenario-client.js'

let azurite: Azurite
let recorder: QueueRecorder
beforeAll(async () => {
  azurite = await startAzurite()
  recorder = await QueueRecorder.start(azurite)
}, 60_000)
afterAll(async () => {
  await recorder.stop()
  await azurite.stop()
})

interface MessageText {
  readonly TaskMessage: { readonly Event: object } | null
  readonly Sender: object | null
}

let runs = 0

async function produced(scenario: string, withBoth: boolean): Promise<Scenario> {
  const recording = readRecording('2.9.1', scenario)
  const hub = `produced${++runs}x`
  const service = openHub(recorder.connectionString, { taskHub: hub, partitionCount: 1, localActivities: withBoth, appLease: false })
  const run = new ScenarioClient({ service, recording, recorder, hub, orchestrations: dotnetOrchestrations(recording.settings, true), cache: withBoth })
  await run.run()
  await service.close()
  const stored = new StoredHub(new DotnetClients(azurite.connectionString), hub)
  const [history, instances, blobs] = await Promise.all([stored.rows('History'), stored.rows('Instances'), stored.blobs()])
  return { hub, history, instances, blobs, messages: recorder.messagesOf(hub) }
}

/** The programme that was recorded had another name for each version, which its payloads mention. */
function withOneName<T>(value: T): T {
  return JSON.parse(JSON.stringify(value).replaceAll(', anchor29', ', anchor')) as T
}

function compared(scenario: string, produced: Scenario): readonly string[] {
  const { blobs, ...rest } = produced
  const ours = { ...withOneName(rest), blobs }
  return (['2.9.1', '1.17.5'] as const).flatMap((version) => compareScenarios(ours, asOurs(scenario, scenarioOf(withOneName(readRecording(version, scenario))))))
}

describe.concurrent('without cache and local activities', () => {
  it.each(recordedScenarios('2.9.1'))('%s', async (scenario) => {
    const lines = compared(scenario, await produced(scenario, false))
    expect({ unexplained: unexplained(scenario, lines), unused: unused(scenario, lines) }).toStrictEqual({ unexplained: [], unused: [] })
  }, 120_000)
})

const answer = /^message only recorded: control .*"EventType":[56],.*"TaskScheduledId":\d/

describe.concurrent('with both', () => {
  it.each(['hello-sequence-5', 'fan-out-10', 'sub-orchestration-auto-id', 'continue-as-new-3', 'retry-2-failures', 'suspend-resume'])('%s', async (scenario) => {
    const lines = compared(scenario, await produced(scenario, true))
    // The answer of an activity that ran where its instance is goes into the history without a message.
    const [answers, others] = [lines.filter((line) => answer.test(line)), lines.filter((line) => !answer.test(line))]
    expect(unexplained(scenario, others)).toStrictEqual([])
    expect(answers.length).toBeGreaterThan(0)
  }, 120_000)
})

describe('all messages', () => {
  it('are Base64, never expire, name the type of their event first, and have a sender', () => {
    const { messages } = recorder
    expect(messages.length).toBeGreaterThan(200)
    expect(messages.filter(({ isBase64, timeToLive }) => !isBase64 || timeToLive !== '-1')).toStrictEqual([])
    const whole = messages.map(({ text }) => JSON.parse(text) as MessageText).filter(({ TaskMessage: message }) => message !== null)
    expect(whole.filter(({ TaskMessage: message, Sender: sender }) => sender === null || Object.keys(message?.Event ?? {})[0] !== '$type')).toStrictEqual([])
  })
})
