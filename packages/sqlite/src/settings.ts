/** Options of the provider: names, units and defaults. */
import { basename, dirname, extname, join, resolve } from 'node:path'
import { dtfxError, parseSettings, setting, type OptionsOf, type SettingsOf } from '@dtfx/core/provider'

const source = 'options of @dtfx/sqlite'

const schema = {
  /** Path of the file, from the working directory. Made when it is missing; its folder must be there. */
  file: setting.text({ default: 'dtfx.db' }),
  /** Each hub is a file of its own: with `orders.db` and hub `Eu` it is `orders.Eu.db`. Absent: the file as named. */
  taskHub: setting.text({ pattern: /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, hint: 'a name of 1 to 64 letters, digits, - and _ that begins with a letter or a digit' }),
  /** `full`: what is acknowledged survives a power failure. `normal`: only the end of the process; a power failure can take the last moments, and nothing is torn. */
  durability: setting.choice(['full', 'normal'], { default: 'full' }),
  /** A worker that does not renew its locks for so long has lost them. That of a process that is seen to have ended on this machine is taken over at once. */
  lockTimeout: setting.duration({ default: '1m', minMs: 500, maxMs: 86_400_000 }),
  /** The longest pause between two looks at what other processes have written. What this process writes wakes its workers at once. */
  maxPollingInterval: setting.duration({ default: 50, minMs: 2 }),
  /** A worker runs activities that it scheduled itself, as far as it has free slots. */
  localActivities: setting.flag({ default: true }),
  /** Instances that ended longer ago are deleted by the workers. Absent: they stay until they are purged. */
  purgeCompletedAfter: setting.duration(),
} as const

export type SqliteOptions = OptionsOf<typeof schema>

export interface SqliteSettings extends SettingsOf<typeof schema> {
  /** Of the file of the hub, absolute. */
  readonly path: string
}

/** @throws DTFX_CONFIG_INVALID */
export function readSettings(options: SqliteOptions): SqliteSettings {
  const settings = parseSettings(schema, options, source)
  const { file, taskHub } = settings
  if (file === ':memory:' || file.startsWith('file:')) {
    throw dtfxError('DTFX_CONFIG_INVALID', { source, key: 'file', problem: "is not a path of a file; for a hub in memory use the provider 'memory'" })
  }
  return { ...settings, path: hubPath(resolve(file), taskHub) }
}

function hubPath(path: string, taskHub: string | undefined): string {
  if (taskHub === undefined) return path
  const extension = extname(path)
  return join(dirname(path), `${basename(path, extension)}.${taskHub}${extension}`)
}
