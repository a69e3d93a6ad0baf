/**
 * The desk is where the core's thread takes what workers send: it runs commands and answers requests,
 * and sends back what came of them.
 */

import type { Pipeline } from '../core/pipeline.ts'
import { Fault } from '../fault.ts'
import { answerUnreadable, type App } from '../http/server.ts'
import type { Log } from '../log.ts'
import {
  kinds,
  readToCore,
  toWorker,
  type CommandAnswer,
  type CommandHead,
  type RequestHead,
} from './messages.ts'

export interface DeskDeps {
  readonly app: App
  readonly pipeline: Pick<Pipeline, 'submitNamed'>
  readonly log: Log
  /** Sends to a worker; one that has ended needs no answer. */
  readonly send: (worker: number, bytes: Buffer) => void
}

/** Takes an item of the queue; its bytes may be used again when it returns. */
export const createDesk = ({ app, pipeline, log, send }: DeskDeps): ((bytes: Buffer) => void) => {
  const run = async ({ name, ...command }: CommandHead): Promise<CommandAnswer> => {
    try {
      return { result: await pipeline.submitNamed(name, command) }
    } catch (error) {
      if (error instanceof Fault) return { fault: error.code, message: error.message }
      log.error({ err: error, command: name }, 'a command failed')
      return { fault: 'internal_error', message: 'The log of the node has what went wrong' }
    }
  }

  const answer = async (
    { method, url, headers, remoteAddress }: RequestHead,
    body: Uint8Array<ArrayBuffer>,
  ) => {
    const respond = async (ask: () => Response | Promise<Response>) => {
      const response = await ask()
      const bytes = new Uint8Array(await response.arrayBuffer())
      return { head: { status: response.status, headers: [...response.headers] }, bytes }
    }
    try {
      const given = { method, headers: pairsOf(headers), ...(body.length > 0 ? { body } : {}) }
      return await respond(() => app.fetch(new Request(url, given), { remoteAddress }))
    } catch (error) {
      log.error({ err: error }, 'a request of a worker could not be answered')
      return respond(() => answerUnreadable(error))
    }
  }

  return (bytes) => {
    const { kind, worker, request, head, body } = readToCore(bytes)
    if (kind === kinds.command) {
      void run(head as CommandHead).then((answer) => send(worker, toWorker(kind, request, answer)))
      return
    }
    void answer(head as RequestHead, new Uint8Array(body)).then(({ head, bytes }) =>
      send(worker, toWorker(kind, request, head, bytes)),
    )
  }
}

const pairsOf = (headers: readonly string[]): [string, string][] => {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    pairs.push([headers[at] ?? '', headers[at + 1] ?? ''])
  }
  return pairs
}
