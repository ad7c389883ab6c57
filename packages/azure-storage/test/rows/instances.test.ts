import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FailureDetails, InstanceState } from '@dtfx/core/provider'
import { allOf, matchesFilter, odataText, odataTime, type Row } from '@dtfx/azure-common'
import { pushedFilter } from '../../src/rows/instance-filter.js'
import { failureFromText, instanceColumns, instanceOf, type InstanceRecord } from '../../src/rows/instance-row.js'
import { blobNameOfUrl, blobsOfHistoryRow, blobsOfInstanceRow, blobsOfSentinelRow, blobUrl, isStartMessageBlob, splitHistoryRow, splitInstanceRow, splitSentinelRow, withTexts } from '../../src/rows/large-columns.js'
import { historyFilter } from '../../src/rows/odata.js'

const timestamp = '2030-01-02T03:04:05.0000001Z'
const state: InstanceState = { instanceId: 'a/b', executionId: 'e', name: 'Flow', status: 'Running', generation: 0, createdAt: timestamp, lastUpdatedAt: timestamp }
const failure: FailureDetails = { errorType: 'TypeError', errorMessage: 'no', stackTrace: 'at x', isNonRetriable: true, properties: { code: 'X' } }
const containerUrl = 'https://account.blob.core.windows.net/hub-largemessages'

function recordOf(part: Partial<InstanceState>, also: Partial<InstanceRecord> = {}): InstanceRecord {
  return { state: { ...state, ...part }, sequence: 3, startMessageId: undefined, startMessages: [], ...also }
}

describe('instance rows', () => {
  it.each<[string, InstanceRecord]>([
    ['running', recordOf({ input: '1', customStatus: '"half"', tags: { k: 'v' }, version: '1.2' })],
    ['completed', recordOf({ status: 'Completed', output: '2', completedAt: timestamp })],
    ['failed', recordOf({ status: 'Failed', failure, completedAt: timestamp })],
    ['terminated', recordOf({ status: 'Terminated', output: 'because', completedAt: timestamp })],
    ['a child', recordOf({ parent: { name: 'P', instance: { instanceId: 'p', executionId: 'pe' }, taskScheduleId: 4 }, generation: 2 })],
    ['claimed', recordOf({ status: 'Pending', scheduledStartAt: timestamp }, { startMessageId: 'm', startMessages: ['{"a":1}', '{"b":2}'], sequence: 0 })],
    ['with what nobody knows', recordOf({ extra: { Foreign: 'x', Odd: { deep: [1] }, Long: { type: 'Int64', value: '9' } } })],
  ])('%s comes back exactly', (_what, record) => {
    expect(instanceOf(instanceColumns(record, 'Hub'), 'a/b', 'row')).toStrictEqual(record)
  })

  it('a failure is text for .NET', () => {
    expect(instanceColumns(recordOf({ status: 'Failed', failure }), 'Hub')).toMatchObject({ RuntimeStatus: 'Failed', Output: 'TypeError: no', CustomStatus: 'null', Tags: 'null', TaskHubName: 'Hub', Version: '' })
  })

  it.each([
    ['System.InvalidOperationException: outer', 'System.InvalidOperationException', 'outer'],
    ['MyError: with: colons\nand lines', 'MyError', 'with: colons\nand lines'],
    ['App.Errors+Inner`1: x', 'App.Errors+Inner`1', 'x'],
    ['outer failure', 'Error', 'outer failure'],
    ['note: this is no type', 'Error', 'note: this is no type'],
    ['', 'Error', ''],
  ])("'%s' of .NET reads well", (text, errorType, errorMessage) => {
    expect(failureFromText(text)).toStrictEqual({ errorType, errorMessage, isNonRetriable: false })
  })

  it('where a .NET worker went on with another execution, ours is not believed', () => {
    const child = recordOf({ status: 'Failed', failure, completedAt: timestamp, parent: { name: 'P', instance: { instanceId: 'p' }, taskScheduleId: 4 } }, { startMessageId: 'm' })
    const merged: Row = { ...instanceColumns(child, 'Hub'), ExecutionId: 'e2', RuntimeStatus: 'Running' }
    expect(instanceOf(merged, 'a/b', 'row')).toStrictEqual(recordOf({ executionId: 'e2' }))
  })

  it('a failure that .NET wrote over ours is the one that counts', () => {
    const merged: Row = { ...instanceColumns(recordOf({ status: 'Failed', failure }), 'Hub'), Output: 'System.Exception: other' }
    expect(instanceOf(merged, 'a/b', 'row').state.failure).toStrictEqual({ errorType: 'System.Exception', errorMessage: 'other', isNonRetriable: false })
  })

  it('without payloads the failure is still there', () => {
    const { Output: _, ...columns } = instanceColumns(recordOf({ status: 'Failed', failure }), 'Hub')
    expect(instanceOf(columns, 'a/b', 'row').state.failure).toStrictEqual(failure)
    const large = { ...failure, errorMessage: 'x'.repeat(30_721) }
    const { columns: split } = splitInstanceRow(instanceColumns(recordOf({ status: 'Failed', failure: large }), 'Hub'), { instanceId: 'a/b', checkpointId: 'c', containerUrl })
    const details = withTexts(split, { FailureDetails: instanceColumns(recordOf({ status: 'Failed', failure: large }), 'Hub')['FailureDetails'] as string })
    expect(instanceOf(details, 'a/b', 'row').state.failure).toStrictEqual(large)
  })

  it('the reason of a suspension is no output', () => {
    expect(instanceOf({ ...instanceColumns(recordOf({ status: 'Suspended' }), 'Hub'), Output: 'wait' }, 'a/b', 'row')).toStrictEqual(recordOf({ status: 'Suspended' }))
  })

  it.each([
    ['no status', {}],
    ['an unknown status', { RuntimeStatus: 'Odd' }],
    ['no time', { RuntimeStatus: 'Running' }],
    ['damaged tags', { ...instanceColumns(recordOf({}), 'Hub'), Tags: '{' }],
  ])('%s is refused with a code', (_what, columns) => {
    expect(() => instanceOf(columns as Row, 'a', 'row')).toThrow(expect.objectContaining({ code: 'DTFX_WIRE_INVALID' }))
  })
})

describe('large columns', () => {
  const large = 'x'.repeat(30_721)
  const of = { instanceId: 'a/b', rowKey: '000000000000000A', checkpointId: 'c1', containerUrl }

  it('of a history row', () => {
    const columns: Row = { EventType: 'EventRaised', Name: 'n', Input: large, EventId: 1 }
    const split = splitHistoryRow(columns, of)
    const blobName = 'a^0b/history-000000000000000A-EventRaised-c1-Input.json.gz'
    expect(split).toStrictEqual({ columns: { ...columns, Input: '', InputBlobName: blobName }, blobs: [{ blobName, text: large }] })
    expect(blobsOfHistoryRow(split.columns)).toStrictEqual([{ column: 'Input', blobName }])
    expect(withTexts(split.columns, { Input: large })).toStrictEqual(columns)
    expect(splitHistoryRow({ ...columns, Input: large.slice(1) }, of).blobs).toStrictEqual([])
  })

  it('of a sentinel', () => {
    const split = splitSentinelRow({ CommittedState: large, ExecutionId: 'e' }, of)
    expect(split.blobs).toStrictEqual([{ blobName: 'a^0b/history-sentinel-CommittedState-c1-CommittedState.json.gz', text: large }])
    expect(withTexts(split.columns, { CommittedState: large })).toStrictEqual({ CommittedState: large, ExecutionId: 'e' })
    expect(blobsOfSentinelRow(split.columns)).toHaveLength(1)
    expect(blobsOfSentinelRow({ ...split.columns, CommittedState: '{}' })).toStrictEqual([])
  })

  it('of an instance row: URLs for .NET, and read back', () => {
    const record = recordOf({ status: 'Completed', input: large, output: `${large}!`, customStatus: `"${large}"`, tags: { k: large } })
    const columns = instanceColumns(record, 'Hub')
    const split = splitInstanceRow(columns, { ...of, known: { Input: 'a^0b/history-0000000000000001-ExecutionStarted-c0-Input.json.gz' } })
    expect(split.columns).toMatchObject({
      Input: `${containerUrl}/a%5E0b/history-0000000000000001-ExecutionStarted-c0-Input.json.gz`,
      Output: `${containerUrl}/a%5E0b/history--Output-c1-Output.json.gz`,
      CustomStatus: '',
      Tags: '',
    })
    const written = new Map([...split.blobs, { blobName: 'a^0b/history-0000000000000001-ExecutionStarted-c0-Input.json.gz', text: large }].map(({ blobName, text }) => [blobName, text]))
    const references = blobsOfInstanceRow(split.columns, `${containerUrl}?sas=1`)
    expect(references.map(({ column }) => column).sort()).toStrictEqual(['CustomStatus', 'Input', 'Output', 'Tags'])
    const whole = withTexts(split.columns, Object.fromEntries(references.map(({ column, blobName }) => [column, written.get(blobName) as string])))
    expect(instanceOf(whole, 'a/b', 'row')).toStrictEqual(record)
  })

  it.each([
    ['https://elsewhere/x'],
    [`${containerUrl}`],
    [`${containerUrl}/`],
    [`${containerUrl}s/x`],
    [`${containerUrl}/%zz`],
    ['"https://account.blob.core.windows.net/hub-largemessages/x"'],
  ])('%s is a payload', (text) => {
    expect(blobsOfInstanceRow({ Output: text }, containerUrl)).toStrictEqual([])
  })

  it.each([
    ['@#$%!', '%40%23%24%25%21'],
    ['foo/bar/b@z.tar.gz', 'foo/bar/b%40z.tar.gz'],
  ])('URL of %s', (name, escaped) => {
    expect(blobUrl(containerUrl, name)).toBe(`${containerUrl}/${escaped}`)
  })

  it('a name comes back from its URL', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (name) => blobNameOfUrl(containerUrl, blobUrl(containerUrl, name)) === name))
  })

  it('the blob of a start message is told from others', () => {
    expect(isStartMessageBlob('a/message-877afae20d2b481385686f4ad4e7fc60-ExecutionStarted.json.gz')).toBe(true)
    expect(isStartMessageBlob('a/history--Input-c1-Input.json.gz')).toBe(false)
  })
})

describe('filters', () => {
  const from = '2018-01-10T10:10:10Z'
  const to = '2018-01-10T10:10:50.5Z'

  it.each([
    ['nothing', {}, undefined],
    ['a status', { status: ['Running'] }, "RuntimeStatus eq 'Running'"],
    ['no status', { createdAfter: from, status: [] }, "CreatedTime ge datetime'2018-01-10T10:10:10.0000000Z'"],
    ['a time span', { createdAfter: from, createdBefore: to }, "(CreatedTime ge datetime'2018-01-10T10:10:10.0000000Z') and (CreatedTime lt datetime'2018-01-10T10:10:50.5000000Z')"],
    ['an end', { createdBefore: to }, "CreatedTime lt datetime'2018-01-10T10:10:50.5000000Z'"],
    ['a time and statuses', { createdAfter: from, status: ['Running', 'Completed'] }, "(CreatedTime ge datetime'2018-01-10T10:10:10.0000000Z') and (RuntimeStatus eq 'Running' or RuntimeStatus eq 'Completed')"],
    ['a prefix', { idPrefix: 'aaab' }, "(PartitionKey ge 'aaab') and (PartitionKey lt 'aaac')"],
    ['a prefix to be escaped', { idPrefix: "in#st'" }, "(PartitionKey ge 'in^2st''') and (PartitionKey lt 'in^2st(')"],
    ['a prefix without a next one', { idPrefix: '\uffff' }, "PartitionKey ge '\uffff'"],
    ['an empty prefix', { idPrefix: '' }, undefined],
    ['quotes', { name: "o'clock", version: "1'", parent: "p'" }, "(Name eq 'o''clock') and (Version eq '1''') and (ParentInstanceId eq 'p''')"],
    ['the end of an instance', { completedAfter: from, completedBefore: to }, "(CompletedTime ge datetime'2018-01-10T10:10:10.0000000Z') and (CompletedTime lt datetime'2018-01-10T10:10:50.5000000Z')"],
    ['what the table cannot tell', { tags: { k: 'v' }, parent: null }, undefined],
  ] as const)('%s', (_what, filter, odata) => {
    expect(pushedFilter(filter).odata).toBe(odata)
  })

  it('says when the answer has to be looked at again', () => {
    expect(pushedFilter({ status: ['Running'], idPrefix: 'a' }).isExact).toBe(true)
    for (const filter of [{ tags: {} }, { parent: null }, { completedBefore: to }, { status: [] }]) expect(pushedFilter(filter).isExact).toBe(false)
  })

  it('entities are left out where a prefix does not tell', () => {
    expect(pushedFilter({}, { excludeEntities: true }).odata).toBe("PartitionKey lt '@' or PartitionKey ge 'A'")
    expect(pushedFilter({ name: 'n' }, { excludeEntities: true }).odata).toBe("(Name eq 'n') and (PartitionKey lt '@' or PartitionKey ge 'A')")
    expect(pushedFilter({ idPrefix: 'a' }, { excludeEntities: true }).odata).toBe("(PartitionKey ge 'a') and (PartitionKey lt 'b')")
  })

  it('rows of one instance', () => {
    expect(historyFilter("in#st'ance")).toBe("PartitionKey eq 'in^2st''ance'")
    expect(historyFilter('a', "x'")).toBe("PartitionKey eq 'a' and (RowKey eq 'sentinel' or ExecutionId eq 'x''')")
    expect(allOf([])).toBeUndefined()
    expect(odataText('')).toBe("''")
    expect(odataTime('2018-01-10T10:10:10.1234567Z')).toBe("datetime'2018-01-10T10:10:10.1234567Z'")
  })

  it.each([
    [{ status: ['Running'] }, true],
    [{ status: [] }, false],
    [{ name: 'Other' }, false],
    [{ version: '1' }, false],
    [{ idPrefix: 'a/' }, true],
    [{ idPrefix: 'b' }, false],
    [{ tags: { k: 'v' } }, false],
    [{ parent: null }, true],
    [{ parent: 'p' }, false],
    [{ createdAfter: timestamp }, true],
    [{ createdBefore: timestamp }, false],
    [{ completedAfter: timestamp }, false],
  ] as const)('%j of a running instance: %s', (filter, isMatch) => {
    expect(matchesFilter(state, filter)).toBe(isMatch)
  })
})
