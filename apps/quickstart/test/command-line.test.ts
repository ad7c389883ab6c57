import { describe, expect, it } from 'vitest'
import { commandLineOf } from '../src/command-line.js'

const of = (...given: string[]) => commandLineOf({ argv: ['/bin/node', '/repo/dist/main.js', ...given], env: {}, workingDirectory: '/repo' })

describe('commandLineOf', () => {
  it.each([
    [[], 'node dist/main.js', 'node dist/main.js worker'],
    [['my docs', "it's", '--kill-after', '9', '--fresh', '-y'], "node dist/main.js 'my docs' 'it'\\''s' -y", 'node dist/main.js worker'],
    [['docs', '-p', 'sqlite', '--options={"file":"a.db"}', '--kill-after=3'], 'node dist/main.js docs -p sqlite --options \'{"file":"a.db"}\'', 'node dist/main.js worker -p sqlite --options \'{"file":"a.db"}\''],
    [['--emulator-data', 'x', 'docs'], 'node dist/main.js --emulator-data x docs', 'node dist/main.js worker --emulator-data x'],
  ])('repeats %j', (given, again, worker) => {
    expect(of(...given)).toEqual({ again, worker })
  })

  it('prints no secrets', () => {
    expect(of('--connection-string', 'AccountName=a;AccountKey=abc=').again).toBe("node dist/main.js --connection-string '…'")
    expect(of('-o', '{"accountKey":"abc"}').again).toBe("node dist/main.js -o '…'")
  })

  it('is told by its script how it was started', () => {
    expect(commandLineOf({ argv: ['node', 'main.js', 'docs'], env: { QUICKSTART_COMMAND: 'npx -y pnpm quickstart' }, workingDirectory: '/' })).toEqual({ again: 'npx -y pnpm quickstart docs', worker: 'npx -y pnpm quickstart worker' })
  })
})
