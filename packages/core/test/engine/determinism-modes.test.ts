/** The modes are process-wide once installed: each is tried in a process of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChildProgram } from './child-program.js'

let child: ChildProgram
beforeAll(() => {
  child = new ChildProgram()
})
afterAll(() => child.remove())

const outcome = (mode: string, body: string): unknown => {
  const { stdout, stderr } = child.run(`
import { readFile } from 'node:fs/promises'
const turn = orchestration(async (ctx) => { ${body} }, '${mode}')
const ends = await turn(); const end = ends.at(-1)
console.log(JSON.stringify(end?.type === 'Complete' ? [end.status, end.failure?.properties?.code ?? end.result] : ends.map(({ type }) => type)))`)
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe.each(['off', 'guard', 'strict'])("mode '%s'", (mode) => {
  it(`the clock is ${mode === 'off' ? 'real' : 'that of the turn'}`, () => {
    expect(outcome(mode, 'return Date.now() === Date.UTC(2024, 4, 6, 7)')).toStrictEqual(['Completed', mode === 'off' ? 'false' : 'true'])
  })

  // The test runner swaps process.nextTick while it talks to its parent, so that one is tried here only.
  it.each(['setTimeout(() => {}, 1)', 'process.nextTick(() => {})'])(`%s is ${mode === 'off' ? 'let through' : 'refused'}`, (call) => {
    expect(outcome(mode, `${call}; return 1`)).toStrictEqual(mode === 'off' ? ['Completed', '1'] : ['Failed', 'DTFX_FORBIDDEN_IN_ORCHESTRATION'])
  })

  it(`I/O beside an open task is ${mode === 'strict' ? 'reported at once' : 'not seen yet'}`, () => {
    expect(outcome(mode, "const open = ctx.callActivity('a'); await readFile('/etc/hostname'); await open")).toStrictEqual(mode === 'strict' ? ['Failed', 'DTFX_FOREIGN_RESOURCE'] : ['ScheduleTask'])
  })

  it('I/O with nothing open fails the instance', () => {
    expect(outcome(mode, "await readFile('/etc/hostname'); await ctx.callActivity('a')")).toStrictEqual(['Failed', mode === 'strict' ? 'DTFX_FOREIGN_RESOURCE' : 'DTFX_BLOCKED_ON_FOREIGN_PROMISE'])
  })

  it('a rejection nobody awaited yet does not end the process', () => {
    const { code, stdout } = child.run(`
const turn = orchestration(async (ctx) => { const p = (async () => { await ctx.callActivity('a') })(); await ctx.callActivity('b'); await p.catch(() => {}) ; return 'ok' }, '${mode}')
await turn(); await turn(failed(0)); await idle(); console.log((await turn(completed(1)))[0].result)`)
    expect([code, stdout]).toStrictEqual([0, '"ok"\n'])
  })
})

it('outside orchestrations nothing changes: clocks, timers, printing and crypto work as before', () => {
  const { stdout, stderr } = child.run(`
import { promisify } from 'node:util'
import { randomUUID } from 'node:crypto'
const turn = orchestration(async (ctx) => { await ctx.callActivity('a') }, 'strict')
await turn()
await promisify(setTimeout)(1)
console.log(Date.now() > Date.UTC(2025, 0), new Date() instanceof Date, Math.random() !== Math.random(), randomUUID() !== randomUUID(), structuredClone(new Date(5)).getTime())
console.log(JSON.stringify([new Date(5)]), typeof process.hrtime.bigint(), String(Date).includes('Date'))`)
  expect([stdout, stderr]).toStrictEqual(['true true true true 5\n["1970-01-01T00:00:00.005Z"] bigint true\n', ''])
})

it("without a mode it is 'strict', in production 'guard'", () => {
  const body = `
import { readFile } from 'node:fs/promises'
process.env.NODE_ENV = 'ENVIRONMENT'
const turn = orchestration(async (ctx) => { const open = ctx.callActivity('a'); await readFile('/etc/hostname'); await open }, 'default')
console.log((await turn())[0].type)`
  expect(child.run(body.replace('ENVIRONMENT', 'production')).stdout).toBe('ScheduleTask\n')
  expect(child.run(body.replace('ENVIRONMENT', 'test')).stdout).toBe('Complete\n')
})
