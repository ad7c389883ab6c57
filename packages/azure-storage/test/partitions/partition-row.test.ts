import { expect, test } from 'vitest'
import { decodePartitionRow, encodePartitionRow, newPartitionRow } from '../../src/partitions/partition-row.js'

const typed = (type: string, value: string): unknown => ({ type, value })
const entity = {
  partitionKey: '',
  rowKey: 'hub-control-00',
  etag: 'v1',
  timestamp: '2030-01-01T00:00:00Z',
  CurrentOwner: typed('String', 'worker-A'),
  OwnedSince: typed('DateTime', '2024-05-06T07:08:09.1234567Z'),
  LastRenewal: typed('DateTime', '2024-05-06T07:08:19Z'),
  ExpiresAt: typed('DateTime', '2024-05-06T07:08:49.5Z'),
  IsDraining: typed('Boolean', 'true'),
  Unknown: typed('Int64', '9007199254740993'),
}

test('a row is read with absent columns as null, times exact to 100 ns, and unknown columns kept', () => {
  expect(decodePartitionRow(entity)).toEqual({
    partition: 'hub-control-00',
    etag: 'v1',
    currentOwner: 'worker-A',
    nextOwner: null,
    ownedSince: '2024-05-06T07:08:09.1234567Z',
    lastRenewal: '2024-05-06T07:08:19Z',
    expiresAt: '2024-05-06T07:08:49.5Z',
    isDraining: true,
    extra: { Unknown: { type: 'Int64', value: '9007199254740993' } },
  })
})

test('it is written as it was read; what is null is left out', () => {
  const { etag: _etag, timestamp: _timestamp, ...rest } = entity
  expect(encodePartitionRow(decodePartitionRow(entity))).toEqual({ ...rest, CurrentOwner: 'worker-A', IsDraining: true })
  expect(encodePartitionRow(newPartitionRow('q'))).toEqual({ partitionKey: '', rowKey: 'q', IsDraining: false })
})

test('an owner of no characters is nobody; a row without IsDraining is not draining', () => {
  expect(decodePartitionRow({ partitionKey: '', rowKey: 'q', etag: 'v', CurrentOwner: '' })).toMatchObject({ currentOwner: null, isDraining: false })
})

test.each([
  [{ ExpiresAt: typed('String', 'tomorrow') }, 'ExpiresAt is "tomorrow"'],
  [{ CurrentOwner: typed('Int32', '5') as { value: unknown } }, undefined],
  [{ NextOwner: 5 }, 'NextOwner is 5'],
])('what cannot be read is told by column', (columns, problem) => {
  const read = (): unknown => decodePartitionRow({ partitionKey: '', rowKey: 'q', ...columns })
  if (problem === undefined) expect(read()).toMatchObject({ currentOwner: '5' })
  else expect(read).toThrow(expect.objectContaining({ code: 'DTFX_WIRE_INVALID', message: expect.stringContaining(problem) as string }))
})
