/** Which connection a new session gets. */
import { expect, it } from 'vitest'
import type { BusConnection } from '../../src/bus/bus-connection.js'
import { SpreadConnections } from '../../src/bus/spread-connections.js'

function spread(): { readonly connections: SpreadConnections; readonly opened: BusConnection[] } {
  const opened: BusConnection[] = []
  const connect = (): BusConnection => {
    const connection = { close: () => Promise.resolve() } as BusConnection
    opened.push(connection)
    return connection
  }
  return { connections: new SpreadConnections(connect), opened }
}

it('one connection as long as it has room', () => {
  const { connections, opened } = spread()
  const held: BusConnection[] = []
  for (let i = 0; i < 16; i++) held.push(connections.next(held))
  expect(opened).toHaveLength(1)
  expect(connections.next(held)).toBe(opened[1])
})

it('one that has room again is used before another is opened', () => {
  const { connections, opened } = spread()
  const held: BusConnection[] = []
  for (let i = 0; i < 32; i++) held.push(connections.next(held))
  expect(opened).toHaveLength(2)
  expect(connections.next(held.slice(1))).toBe(opened[0])
})

it('no more than eight: then the one that has the fewest', () => {
  const { connections, opened } = spread()
  const held: BusConnection[] = []
  for (let i = 0; i < 200; i++) held.push(connections.next(held))
  expect(opened).toHaveLength(8)
  expect(opened.map((each) => held.filter((connection) => connection === each).length)).toEqual([25, 25, 25, 25, 25, 25, 25, 25])
})
