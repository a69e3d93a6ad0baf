/**
 * A database that another thread has open, over a message port: the embedded one runs beside the
 * archiver, and the thread that answers requests asks it from there.
 */

import type { MessagePort } from 'node:worker_threads'
import { isErrorCode } from '../errors.ts'
import { Fault } from '../fault.ts'
import { inTransaction, sqlFault, type Queries, type Sql, type SqlValue } from './sql.ts'

type Request = { readonly id: number; readonly session?: number } & (
  | { readonly do: 'query'; readonly text: string; readonly values: readonly SqlValue[] }
  | { readonly do: 'script'; readonly text: string }
  | { readonly do: 'open' | 'end' }
)

type Reply =
  | { readonly id: number; readonly rows: readonly unknown[] }
  | { readonly id: number; readonly code: string; readonly message: string }

/** Answers what comes through `port` from `sql`. */
export const serveSql = (port: MessagePort, sql: Sql): void => {
  const sessions = new Map<number, { readonly queries: Queries; readonly end: () => void }>()

  const open = (id: number): Promise<readonly never[]> =>
    new Promise((resolve, reject) => {
      const held = sql.session(
        (queries) =>
          new Promise<void>((end) => {
            sessions.set(id, { queries, end })
            resolve([])
          }),
      )
      held.catch(reject)
    })

  const run = async (request: Request): Promise<readonly unknown[]> => {
    const session = request.session === undefined ? undefined : sessions.get(request.session)
    const queries = session?.queries ?? sql
    if (request.do === 'query') return queries.query(request.text, request.values)
    if (request.do === 'open') return open(request.id)
    if (request.do === 'script') await queries.script(request.text)
    else {
      session?.end()
      sessions.delete(request.session ?? 0)
    }
    return []
  }

  // Whoever asked is gone, and what it had begun is not wanted.
  port.on('close', () => {
    for (const { queries, end } of sessions.values()) void queries.script('rollback').then(end, end)
    sessions.clear()
  })
  port.on('message', (request: Request) => {
    run(request).then(
      (rows) => port.postMessage({ id: request.id, rows } satisfies Reply),
      (error: unknown) => {
        const { code, message } = sqlFault(error)
        port.postMessage({ id: request.id, code, message } satisfies Reply)
      },
    )
  })
}

/** The database behind `port`. Closing it closes the port, and leaves the database to who opened it. */
export const createRemoteSql = (port: MessagePort): Sql => {
  const waiting = new Map<
    number,
    { readonly resolve: (rows: never) => void; readonly reject: (why: Fault) => void }
  >()
  let lastId = 0

  port.on('message', (reply: Reply) => {
    const asked = waiting.get(reply.id)
    waiting.delete(reply.id)
    if ('rows' in reply) asked?.resolve(reply.rows as never)
    else
      asked?.reject(
        new Fault(isErrorCode(reply.code) ? reply.code : 'merged_store_failed', reply.message),
      )
  })
  port.on('close', () => {
    for (const { reject } of waiting.values()) reject(gone())
    waiting.clear()
  })

  const ask = <Row>(request: Record<string, unknown>, id = ++lastId): Promise<readonly Row[]> =>
    new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      port.postMessage({ id, ...request })
    })

  const queriesIn = (session?: number): Queries => ({
    query: (text, values = []) => ask({ do: 'query', text, values, session }),
    script: async (text) => {
      await ask({ do: 'script', text, session })
    },
  })

  const session: Sql['session'] = async (work) => {
    const id = ++lastId
    await ask({ do: 'open' }, id)
    try {
      return await work(queriesIn(id))
    } finally {
      await ask({ do: 'end', session: id })
    }
  }

  return {
    ...queriesIn(),
    session,
    transaction: (work) => session((one) => inTransaction(one, work)),
    close: () => {
      port.close()
      return Promise.resolve()
    },
  }
}

const gone = () => new Fault('merged_store_unreachable', 'The merged store was closed')
