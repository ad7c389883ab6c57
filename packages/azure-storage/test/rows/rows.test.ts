import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ConsumedIds, type HistoryEvent, type InstanceState } from '@dtfx/core/provider'
import { committedState, consumedIdsColumns, consumedIdsOf, decodeToldState, encodeToldState, entityOf, escapeKey, type Row, storedRow, unescapeKey, wasRewound } from '@dtfx/azure-common'
import { historyBatches, requestBytes } from '../../src/rows/history-batches.js'
import { asPlayed, eventOfRow, historyRow } from '../../src/rows/history-row.js'
import { historyRowKey, indexOfRowKey } from '../../src/rows/row-key.js'
import { sentinelColumns, sentinelOf, type Sentinel } from '../../src/rows/sentinel-row.js'

const timestamp = '2030-01-02T03:04:05.0000001Z'
const start: HistoryEvent = { type: 'ExecutionStarted', eventId: -1, timestamp, instance: { instanceId: 'a', executionId: 'e' }, name: 'Flow', input: '1', tags: { k: 'v' } }

describe('row keys', () => {
  it.each([
    [0, '0000000000000000'],
    [10, '000000000000000A'],
    [2 ** 40, '0000010000000000'],
  ])('%d', (index, key) => {
    expect(historyRowKey(index)).toBe(key)
    expect(indexOfRowKey(key)).toBe(index)
    expect(key < 'sentinel').toBe(true)
  })

  it.each(['sentinel', '', '000000000000000a', '00'])('%s is none', (key) => {
    expect(indexOfRowKey(key)).toBeUndefined()
  })
})

describe('partition keys', () => {
  it('give the id again, have nothing that a key must not have, and differ where ids differ', () => {
    const id = fc.string({ unit: 'binary', maxLength: 20 })
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(unescapeKey(escapeKey(a))).toBe(a)
        expect(escapeKey(a)).not.toMatch(/[/\\#?\p{Cc}]/u)
        expect(escapeKey(a) === escapeKey(b)).toBe(a === b)
      }),
    )
  })

  it.each([
    ['a^', 'a^'],
    ['^9', '^9'],
  ])('%s, which is no escape, stays', (key, id) => {
    expect(unescapeKey(key)).toBe(id)
  })
})

describe('history rows', () => {
  /** JSON has no -0. */
  const jsonNumbers = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0)
  const extras = fc.dictionary(
    fc.oneof(fc.constantFrom('Foreign', 'FireAt', 'Tags', '__proto__', 'a-b', 'Timestamp', 'PartitionKey', 'XBlobName', 'Ünïcode'), fc.string({ maxLength: 6 })),
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), jsonNumbers, fc.constant({ type: 'Int64', value: '9' }), fc.constant({ deep: [1, null] }), fc.constant('x'.repeat(40_000)), fc.constant(9007199254740993n)),
    { maxKeys: 6 },
  )
  const taken = new Set(['Data', 'EventType', 'EventId', 'IsPlayed', '_Timestamp', 'Timestamp', 'ExecutionId', 'DtfxExtra', 'PartitionKey', 'RowKey', '$type', 'FireAt', 'ScheduledStartTime', 'OrchestrationInstance', 'ParentInstance', 'ParentTraceContext', 'Tags', 'FailureDetails', 'State'])

  it('keep every member that nobody knows', () => {
    fc.assert(
      fc.property(extras, (given) => {
        const extra = Object.fromEntries(Object.entries(given).filter(([name]) => !taken.has(name)))
        const event: HistoryEvent = { type: 'GenericEvent', eventId: -1, timestamp, data: 'x', ...(Object.keys(extra).length === 0 ? undefined : { extra }) }
        const row = historyRow(event, 'e')
        for (const [name, cell] of Object.entries(row)) {
          expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/)
          if (typeof cell === 'string' && name !== 'DtfxExtra') expect(cell.length).toBeLessThan(32_768)
        }
        expect(eventOfRow(row, 'row')).toStrictEqual(event)
        expect(storedRow({ ...entityOf({ partitionKey: 'p', rowKey: 'r', columns: row }), etag: '' }).columns).toStrictEqual(row)
      }),
    )
  })

  it('have the members of ours as columns', () => {
    const event: HistoryEvent = { type: 'TaskScheduled', eventId: 2, timestamp, name: 'A', messageId: 'm' }
    expect(historyRow(event, 'e')).toStrictEqual({
      EventType: 'TaskScheduled',
      ExecutionId: 'e',
      Name: 'A',
      Version: '',
      ParentTraceContext: 'null',
      Tags: 'null',
      EventId: 2,
      IsPlayed: false,
      _Timestamp: { type: 'DateTime', value: timestamp },
      MessageId: 'm',
    })
    expect(eventOfRow(historyRow(event, 'e'), 'row')).toStrictEqual(event)
  })

  it('many that nobody knows still fit into a row, and come back', () => {
    const extra = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`Foreign${index}`, index]))
    const event: HistoryEvent = { type: 'OrchestratorStarted', eventId: -1, timestamp, extra }
    const row = historyRow(event, 'e')
    expect(Object.keys(row).length).toBeLessThan(252)
    expect(eventOfRow(row, 'row')).toStrictEqual(event)
  })

  it('a row that a rewind changed comes back with what it was', () => {
    const row: Row = { EventType: 'GenericEvent', ExecutionId: 'e', EventId: 1, IsPlayed: false, _Timestamp: { type: 'DateTime', value: timestamp }, OrchestrationStatus: 'Failed', Result: 'r', FailureDetails: 'null', Reason: 'Rewound: ExecutionCompleted' }
    expect(historyRow(eventOfRow(row, 'row'), 'e')).toStrictEqual(row)
  })

  it.each([
    ['no type', { EventId: 0 }],
    ['an unknown type', { EventType: 'SomethingNew', EventId: 0 }],
    ['a damaged cell', { EventType: 'ExecutionStarted', EventId: 0, Name: 'A', OrchestrationInstance: '{' }],
    ['a missing member', { EventType: 'TimerFired', EventId: 0 }],
  ])('%s is refused with a code', (_what, row) => {
    expect(() => eventOfRow(row, 'row p/0')).toThrow(expect.objectContaining({ code: 'DTFX_WIRE_INVALID', message: expect.stringContaining('row p/0') as unknown }))
  })

  it('a type is also read as a number', () => {
    expect(eventOfRow({ EventType: '13', EventId: -1 }, 'row').type).toBe('OrchestratorCompleted')
  })

  it('a time before the first that the service takes is that one', () => {
    expect(historyRow({ type: 'OrchestratorStarted', eventId: -1, timestamp: '0001-01-01T00:00:00Z' }, 'e')['_Timestamp']).toStrictEqual({ type: 'DateTime', value: '1601-01-01T00:00:00.0000000Z' })
  })

  it('is played as .NET has it', () => {
    expect(asPlayed(start).isPlayed).toBe(true)
    const decided: HistoryEvent = { type: 'OrchestratorStarted', eventId: -1, timestamp }
    expect(asPlayed(decided)).toBe(decided)
  })
})

describe('rows as the SDK gives them', () => {
  it('with disableTypeConversion', () => {
    const entity = {
      'odata.metadata': 'm',
      etag: 'W/"1"',
      partitionKey: 'p',
      rowKey: 'r',
      timestamp: 't',
      Text: { value: 'x', type: 'String' },
      Number: { value: '5', type: 'Int32' },
      Flag: { value: 'true', type: 'Boolean' },
      Off: { value: false, type: 'Boolean' },
      Time: { value: timestamp, type: 'DateTime' },
      Long: { value: '9007199254740993', type: 'Int64' },
      None: null,
    }
    expect(storedRow(entity)).toStrictEqual({
      partitionKey: 'p',
      rowKey: 'r',
      etag: 'W/"1"',
      columns: { Text: 'x', Number: 5, Flag: true, Off: false, Time: { value: timestamp, type: 'DateTime' }, Long: { value: '9007199254740993', type: 'Int64' } },
    })
  })
})

describe('consumed ids', () => {
  const hex = fc.stringMatching(/^[0-9a-f]{32}$/)
  const anyId = fc.oneof({ weight: 5, arbitrary: hex }, { weight: 1, arbitrary: fc.string({ minLength: 1, unit: 'grapheme' }) }, fc.constant('0123456789ABCDEF0123456789ABCDEF'))
  const lists: fc.Arbitrary<ConsumedIds> = fc.record({ deleted: fc.array(anyId), pending: fc.array(anyId) }, { noNullPrototype: true })

  it('come back in order', () => {
    fc.assert(
      fc.property(lists, (ids) => {
        expect(consumedIdsOf(consumedIdsColumns(ids), 'row')).toStrictEqual(ids)
      }),
    )
  })

  it('1 280 of them are 20 KB, and long ones take more columns', () => {
    const ids = { deleted: Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(32, '0')), pending: Array.from({ length: 1024 }, (_, i) => i.toString(16).padStart(32, 'f')) }
    const columns = consumedIdsColumns(ids)
    expect(Object.keys(columns)).toStrictEqual(['ConsumedIds'])
    expect(JSON.stringify(columns).length).toBeLessThan(28_000)
    const long = { deleted: [], pending: ids.pending.map((id) => `${id}:${'x'.repeat(200)}`) }
    const many = consumedIdsColumns(long)
    expect(Object.keys(many).length).toBeGreaterThan(2)
    expect(consumedIdsOf(many, 'row')).toStrictEqual(long)
    expect(consumedIdsOf({ ...many, ...columns }, 'row')).toStrictEqual(ids)
  })

  it('damage is told', () => {
    const columns = consumedIdsColumns({ deleted: ['0'.repeat(32)], pending: ['x'] })
    const { value } = columns['ConsumedIds'] as { value: string }
    const bytes = Buffer.from(value, 'base64')
    for (let length = 1; length < bytes.length; length++) {
      const cut = { ConsumedIds: { type: 'Binary' as const, value: bytes.toString('base64', 0, length) } }
      expect(() => consumedIdsOf(cut, 'row')).toThrow(expect.objectContaining({ code: 'DTFX_WIRE_INVALID' }))
    }
    bytes.writeUInt8(9, 0)
    expect(() => consumedIdsOf({ ConsumedIds: { type: 'Binary', value: bytes.toString('base64') } }, 'row')).toThrow(/newer version/)
  })
})

describe('sentinels', () => {
  const sentinel: Sentinel = { executionId: 'e', checkpointId: 'c2', completedAt: timestamp, part: 0, eventCount: 7, consumedIds: { deleted: ['x'], pending: [] }, sequence: 3_000_000_000, state: '{"status":"Running"}' }

  it('of a whole checkpoint', () => {
    const { checkpointId, ...rest } = sentinel
    expect(sentinelOf(sentinelColumns(sentinel), 's')).toEqual({ ...rest, checkpointId, isComplete: true, openCheckpointId: undefined })
  })

  it('of a part of one: the checkpoint is not committed', () => {
    const { completedAt: _, ...part } = sentinel
    const before = sentinelColumns({ ...sentinel, checkpointId: 'c1' })
    const read = sentinelOf({ ...before, ...sentinelColumns(part) }, 's')
    expect(read).toMatchObject({ isComplete: false, checkpointId: undefined, openCheckpointId: 'c2', eventCount: 7, completedAt: timestamp })
  })

  it('after a .NET worker went on: what we said of the history does not hold, the rest does', () => {
    const merged: Row = { ...sentinelColumns(sentinel), ExecutionId: 'e', IsCheckpointComplete: true, CheckpointCompletedTimestamp: { type: 'DateTime', value: '2030-01-02T03:04:06.0000000Z' } }
    expect(sentinelOf(merged, 's')).toMatchObject({ checkpointId: 'c2', eventCount: undefined, state: undefined, consumedIds: { deleted: ['x'] }, sequence: 3_000_000_000 })
    expect(sentinelOf({ ...sentinelColumns(sentinel), IsCheckpointComplete: false }, 's')).toMatchObject({ eventCount: undefined, state: undefined })
  })

  it('without an execution it is refused', () => {
    expect(() => sentinelOf({ IsCheckpointComplete: true }, 's')).toThrow(expect.objectContaining({ code: 'DTFX_WIRE_INVALID' }))
  })
})

describe('committed states', () => {
  const state: InstanceState = { instanceId: 'a', executionId: 'e', name: 'Flow', status: 'Running', input: '1', tags: { k: 'v' }, generation: 0, createdAt: timestamp, lastUpdatedAt: timestamp, customStatus: '"half"' }
  const end: HistoryEvent = { type: 'ExecutionCompleted', eventId: 1, timestamp, status: 'Completed', result: '2' }

  it.each<[string, InstanceState, HistoryEvent[]]>([
    ['running', state, [start]],
    ['completed', { ...state, status: 'Completed', output: '2', completedAt: timestamp }, [start, end]],
    ['failed', { ...state, status: 'Failed', failure: { errorType: 'E', errorMessage: 'm', isNonRetriable: false }, completedAt: timestamp }, [start, { ...end, status: 'Failed', result: undefined, failure: { errorType: 'E', errorMessage: 'm', isNonRetriable: false } } as HistoryEvent]],
    ['with a parent of another execution', { ...state, parent: { name: 'P', instance: { instanceId: 'p', executionId: 'new' }, taskScheduleId: 1 }, extra: { Size: 9007199254740993n } }, [start]],
  ])('%s: history and sentinel give it again', (_what, expected, history) => {
    const told = decodeToldState(encodeToldState(expected), 's')
    expect(committedState({ instanceId: 'a', history, told })).toStrictEqual(expected)
  })

  it('a rewind of a .NET client shows in the events that it left', () => {
    const undone: HistoryEvent = { type: 'GenericEvent', eventId: 1, timestamp, extra: { Reason: 'Rewound: ExecutionCompleted' } }
    const marker: HistoryEvent = { type: 'GenericEvent', eventId: -1, timestamp, data: 'x' }
    expect([[start, undone], [start, undone, end], [start, end], [start, marker], []].map(wasRewound)).toStrictEqual([true, false, false, false, false])
  })

  it('without a start in the history, all but payloads', () => {
    const { input: _input, tags: _tags, ...rest } = state
    expect(committedState({ instanceId: 'a', history: [], told: decodeToldState(encodeToldState(state), 's') })).toStrictEqual(rest)
    expect(committedState({ instanceId: 'a', history: [] })).toBeUndefined()
  })

  it('of a history that .NET wrote last: folded, with the custom status that clients see', () => {
    const suspended: HistoryEvent = { type: 'ExecutionSuspended', eventId: -1, timestamp: '2031-01-01T00:00:00.000Z' }
    expect(committedState({ instanceId: 'a', history: [start, suspended], shown: state })).toStrictEqual({ ...state, status: 'Suspended', lastUpdatedAt: suspended.timestamp })
    expect(committedState({ instanceId: 'a', history: [start], shown: { ...state, executionId: 'older' } })?.customStatus).toBeUndefined()
    const failed = committedState({ instanceId: 'a', history: [start, { ...end, status: 'Failed', result: 'boom' } as HistoryEvent] })
    expect(failed).toMatchObject({ status: 'Failed', failure: { errorType: 'Error', errorMessage: 'boom' }, completedAt: timestamp })
    expect(failed).not.toHaveProperty('output')
  })
})

describe('batches', () => {
  const sentinel = sentinelColumns({ executionId: 'e', checkpointId: 'c', completedAt: timestamp, part: 0, eventCount: 0, consumedIds: { deleted: [], pending: [] }, sequence: 1 })
  const small: Row = { EventType: 'OrchestratorStarted' }
  const large: Row = { EventType: 'EventRaised', Input: 'x'.repeat(30_000) }

  it.each([
    [0, [0]],
    [1, [1]],
    [99, [99]],
    [100, [99, 1]],
    [250, [99, 99, 52]],
  ])('%d small rows', (count, sizes) => {
    const batches = historyBatches(Array.from({ length: count }, () => small), sentinel)
    expect(batches.map(({ from, to }) => to - from)).toStrictEqual(sizes)
  })

  it('cover every row once, within the limits, the last marked', () => {
    const row = fc.oneof(fc.constant(small), fc.constant(large), fc.tuple(fc.constantFrom('a', '\u0001', '€', '\ud83d'), fc.nat(30_000)).map(([char, length]) => ({ Input: char.repeat(length) })))
    fc.assert(
      fc.property(fc.array(row, { maxLength: 300, size: 'max' }), (rows) => {
        const batches = historyBatches(rows, sentinel)
        let at = 0
        for (const { from, to, isLast } of batches) {
          expect(from).toBe(at)
          expect(to - from).toBeLessThanOrEqual(99)
          const body = [...rows.slice(from, to), sentinel].map((each) => JSON.stringify(each))
          expect(Buffer.byteLength(body.join(''))).toBeLessThan(3.2 * 1024 * 1024)
          expect(isLast).toBe(to === rows.length)
          at = to
        }
        expect(at).toBe(rows.length)
      }),
      { numRuns: 30 },
    )
  })

  it('a row never counts for less than it takes', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (Input) => requestBytes({ Input }) >= Buffer.byteLength(JSON.stringify({ Input }))))
    const short = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`Foreign${index}`, '\u0001'.repeat(500)]))
    expect(requestBytes(short)).toBeGreaterThan(Buffer.byteLength(JSON.stringify(short)))
  })
})
