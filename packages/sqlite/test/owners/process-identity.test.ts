/** Whether a process is certainly gone: only then others take over before the time of its locks is over. */
import { spawn } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { isGone, ownProcess } from '../../src/owners/process-identity.js'

function withPid(pid: number, started: string): string {
  const [place] = JSON.parse(ownProcess()) as [string, number, string]
  return JSON.stringify([place, pid, started])
}

describe('a process', () => {
  test('is there while it runs', () => {
    expect(isGone(ownProcess())).toBe(false)
  })
  test('is gone when it has ended', async () => {
    const child = spawn(process.execPath, ['-e', '0'])
    const pid = child.pid as number
    await new Promise((resolve) => child.once('exit', resolve))
    expect(isGone(withPid(pid, ''))).toBe(true)
  })
  test('is gone when another has its id', () => {
    const [, , started] = JSON.parse(ownProcess()) as [string, number, string]
    expect(isGone(withPid(process.pid, `${started}0`))).toBe(started !== '')
  })
  test.each([['elsewhere', JSON.stringify(['another machine', 1, ''])], ['unreadable', 'x'], ['of another form', '{"a":1}'], ['without an id', JSON.stringify(['a', 0, ''])]])('%s is taken for alive', (_name, text) => {
    expect(isGone(text)).toBe(false)
  })
})
