/** The PostgreSQL server of a comparison: one that runs on this machine already. Nothing is installed or started. Invariant: of what is on the server, only a database made here is written. */
import pg from 'pg'

const variable = 'DTFX_BENCH_POSTGRES'
const localUrl = 'postgres://postgres@127.0.0.1:5432/postgres'
const connectTimeoutMs = 3_000

export class PostgresServer {
  private constructor(
    private readonly url: string,
    readonly database: string,
  ) {}

  /** @throws when there is none, or when its commits do not wait for the disk */
  static async open(url = process.env[variable] ?? localUrl): Promise<PostgresServer> {
    const server = new PostgresServer(url, `dtfx_bench_${process.pid}`)
    await server.#run(async (client) => {
      for (const setting of ['fsync', 'synchronous_commit']) {
        const { rows } = await client.query<Record<string, string>>(`SHOW ${setting}`)
        if (rows[0]?.[setting] !== 'on') throw new Error(`the PostgreSQL server at ${server.#shown} has ${setting} = ${rows[0]?.[setting]}: not the durability of our side. Set it to on.`)
      }
    })
    return server
  }

  /** Of the database of this comparison, which DBOS makes. */
  get databaseUrl(): string {
    const url = new URL(this.url)
    url.pathname = `/${this.database}`
    return url.href
  }

  async close(): Promise<void> {
    await this.#run((client) => client.query(`DROP DATABASE IF EXISTS ${this.database} WITH (FORCE)`))
  }

  /** Without the password. */
  get #shown(): string {
    const { hostname, port } = new URL(this.url)
    return `${hostname}:${port || '5432'}`
  }

  async #run(act: (client: pg.Client) => Promise<unknown>): Promise<void> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: connectTimeoutMs })
    try {
      await client.connect()
    } catch (error) {
      const problem = error instanceof AggregateError ? String(error.errors[0]) : (error as Error).message
      throw new Error(`dbos needs a PostgreSQL server, and none can be used at ${this.#shown} (${problem}). Start one, or set ${variable} to the URL of one, for instance postgres://user:password@127.0.0.1:5432/postgres.`, { cause: error })
    }
    try {
      await act(client)
    } finally {
      await client.end()
    }
  }
}
