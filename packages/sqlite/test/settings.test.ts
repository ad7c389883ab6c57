/** Options: where the hub is, and what is refused. */
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSettings, type SqliteOptions } from '../src/settings.js'

describe('the path of a hub', () => {
  test.each<[SqliteOptions, string]>([
    [{}, 'dtfx.db'],
    [{ file: 'a/orders.db' }, 'a/orders.db'],
    [{ file: 'a/orders.db', taskHub: 'Eu' }, 'a/orders.Eu.db'],
    [{ file: 'orders', taskHub: 'Eu' }, 'orders.Eu'],
  ])('of %j is %s', (options, path) => {
    expect(readSettings(options).path).toBe(resolve(path))
  })
})

test.each<[string, unknown, string]>([
  ['a file in memory', { file: ':memory:' }, 'memory'],
  ['a URI', { file: 'file:a.db?mode=memory' }, 'memory'],
  ['a hub that is a path', { taskHub: '../x' }, 'taskHub'],
  ['an unknown durability', { durability: 'none' }, "'full' or 'normal'"],
  ['a lock of no time', { lockTimeout: 1 }, 'lockTimeout'],
  ['an unknown option', { files: 'a' }, "Did you mean 'file'"],
])('%s is refused', (_name, options, text) => {
  expect(() => readSettings(options as SqliteOptions)).toThrow(text)
})
