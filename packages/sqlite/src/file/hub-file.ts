/**
 * The open file of a hub: opened when it is first needed, closed with the service.
 * Invariant: reads happen between transactions, each in one synchronous step, so that no read sees half of a group.
 */
import { constants, accessSync, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { backoffMs, dtfxError, sleep, type Clock, type Random } from '@dtfx/core/provider'
import { fileError, isBusy } from './file-error.js'
import { migrate, noHub, readVersion } from './migrate.js'
import { networkFileSystemOf } from './network-file-system.js'
import { Sql } from './sql.js'
import { sqliteModule } from './sqlite-module.js'

export interface HubFileOptions {
  readonly path: string
  readonly durability: 'full' | 'normal'
  readonly clock: Clock
  readonly random: Random
}

/** How long a call may block the event loop while another process writes. */
export const blockedMs = 5
/** How long one waits, without blocking, for others to end their writes. */
export const maxWaitMs = 30_000
const waiting = { firstMs: 1, maxMs: 25 }
const cacheKilobytes = 32 * 1024
/** Pages of the log after which it is copied into the file: 16 MB. */
const checkpointPages = 4_000

export class HubFile {
  readonly path: string
  readonly clock: Clock
  readonly #options: HubFileOptions
  #sql: Sql | undefined
  #opening: Promise<Sql> | undefined
  #closed = false
  #synchronous: 'FULL' | 'NORMAL' | undefined

  constructor(options: HubFileOptions) {
    this.path = options.path
    this.clock = options.clock
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#sql !== undefined
  }

  /** The open file. @throws DTFX_CLOSED, or that the hub was not created */
  get sql(): Sql {
    if (this.#sql === undefined) throw this.#closed ? dtfxError('DTFX_CLOSED') : dtfxError('DTFX_FILE_NOT_OPENED', { file: this.path, problem: 'the hub is not open' })
    return this.#sql
  }

  /** Opens it, once; `create`: and makes what is missing. @throws DTFX_FILE_… */
  async open({ create }: { readonly create: boolean }): Promise<Sql> {
    if (this.#closed) throw dtfxError('DTFX_CLOSED')
    if (this.#sql !== undefined) return this.#sql
    this.#opening ??= this.#open(create).finally(() => (this.#opening = undefined))
    return this.#opening
  }

  /** Opens the file if it holds a hub. @throws DTFX_FILE_… of one that cannot be used */
  async holdsHub(): Promise<boolean> {
    if (this.#sql === undefined && (!existsSync(this.path) || statSync(this.path).size === 0)) return false
    await this.open({ create: false })
    return true
  }

  /** Runs `read`, which is one statement, or for which the order of its statements does not matter. */
  async read<T>(read: (sql: Sql) => T): Promise<T> {
    const sql = this.#sql ?? (await this.open({ create: false }))
    return this.patiently(() => read(sql))
  }

  /** Runs the statements of `read` on one view of the file. */
  readTogether<T>(read: (sql: Sql) => T): Promise<T> {
    return this.read((sql) => inOneView(sql, read))
  }

  /** How the next transaction is made durable: `durable` waits for the disk, the other only for the other processes. */
  synchronize(durable: boolean): void {
    const wanted = durable && this.#options.durability === 'full' ? 'FULL' : 'NORMAL'
    if (wanted === this.#synchronous) return
    this.sql.database.exec(`PRAGMA synchronous = ${wanted}`)
    this.#synchronous = wanted
  }

  /** Repeats what finds the file busy, without blocking. @throws the coded error of anything else */
  async patiently<T>(act: () => T): Promise<T> {
    const { clock, random } = this.#options
    const deadlineMs = clock.monotonicMs() + maxWaitMs
    for (let attempt = 1; ; attempt++) {
      try {
        return act()
      } catch (error) {
        if (!isBusy(error) || clock.monotonicMs() > deadlineMs) throw fileError(error, this.path)
        await sleep(clock, backoffMs(waiting, attempt, random))
      }
    }
  }

  close(): void {
    this.#closed = true
    const sql = this.#sql
    this.#sql = undefined
    sql?.database.close()
  }

  async #open(create: boolean): Promise<Sql> {
    const { DatabaseSync: Database } = sqliteModule()
    checkPlace(this.path, create)
    const database = await this.patiently(() => new Database(this.path, { timeout: blockedMs }))
    try {
      await this.patiently(() => checkVersion(database, this.path, create))
      await this.patiently(() => configure(database))
      const sql = new Sql(database)
      await this.patiently(() => migrate(sql, { path: this.path, create }))
      if (this.#closed) throw dtfxError('DTFX_CLOSED')
      this.#sql = sql
      return sql
    } catch (error) {
      database.close()
      throw error
    }
  }
}

function inOneView<T>(sql: Sql, read: (sql: Sql) => T): T {
  const { database } = sql
  sql.run('BEGIN')
  try {
    const result = read(sql)
    sql.run('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** Before anything is changed in it: a file of a newer version, or of another program, stays as it is; so does an empty one unless it is to become a hub. */
function checkVersion(database: DatabaseSync, path: string, create: boolean): void {
  if (readVersion(new Sql(database), path) === 0 && !create) throw noHub(path)
}

function configure(database: DatabaseSync): void {
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA cache_size = -${cacheKilobytes}; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF`)
}

/** What SQLite would say in few words is said in the words of the user. @throws DTFX_FILE_… */
function checkPlace(path: string, create: boolean): void {
  const folder = dirname(path)
  const refuse = (problem: string): never => {
    throw dtfxError('DTFX_FILE_NOT_OPENED', { file: path, problem })
  }
  if (!existsSync(folder)) refuse(`the folder ${folder} does not exist; create it first`)
  const network = networkFileSystemOf(folder)
  if (network !== undefined) throw dtfxError('DTFX_FILE_ON_NETWORK', { file: path, fileSystem: network })
  if (!existsSync(path)) {
    if (!create) refuse('there is no such file; createHub makes it')
    if (!isWritable(folder)) refuse(`no file can be created in ${folder}; give this process the right to write there`)
    return
  }
  if (!statSync(path).isFile()) refuse('it is not a file')
  if (!isWritable(path)) throw dtfxError('DTFX_FILE_READ_ONLY', { file: path, problem: 'this process may not write it' })
  if (!isWritable(folder)) throw dtfxError('DTFX_FILE_READ_ONLY', { file: path, problem: `its log cannot be written: no file can be created in ${folder}` })
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
