/** The inspector over HTTP: what an admin asks to see why every value won, and what the links do. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import * as hlc from '../../crdt/hybrid-logical-clock.ts'
import type { Value } from '../../crdt/value.ts'
import type { Mesh } from '../../sync/mesh.ts'
import { vectorOf } from '../core/change-log.ts'
import type { Core } from '../core/core.ts'
import * as digest from '../core/digest.ts'
import type { Pipeline } from '../core/pipeline.ts'
import type { SqliteStore } from '../core/sqlite-store.ts'
import type { Refusal } from '../errors.ts'
import { answerJson, answerWithReceipt } from '../http/answer.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { problem } from '../http/problem.ts'
import { createRouter, type NodeEnv } from '../http/router.ts'
import {
  IdempotencyKeyHeader,
  jsonContent as json,
  mutationProblems,
  PageQuery,
  problemResponses,
} from '../http/schemas.ts'
import { submit } from '../http/submit.ts'
import type { Guard } from '../identity/guard.ts'
import { ok } from '../result.ts'
import { nodeOf } from '../replication/replica.ts'
import * as api from './api.ts'
import { conflictsOf, type InspectedKind } from './conflict.ts'
import { createConflictQueries, type ConflictRow } from './conflict-queries.ts'
import { explain } from './explain.ts'
import { foldedUntil, listHistory, replayHistory, type HistoryDeps } from './history.ts'
import { resolveConflict } from './resolve.ts'

export interface InspectorDeps {
  readonly node: string
  readonly core: Core
  readonly pipeline: Pipeline
  readonly store: SqliteStore
  readonly kinds: readonly InspectedKind[]
  /** undefined for a node without a cluster, and before it listens. */
  readonly mesh: () => Mesh | undefined
  readonly guard: Guard
}

export const createInspectorRoutes = (deps: InspectorDeps): OpenAPIHono<NodeEnv> => {
  const router = createRouter()
  addReplicationRoutes(router, deps)
  addDocumentRoutes(router, deps)
  addConflictRoutes(router, deps)
  return router
}

const addReplicationRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { node, core, store, mesh, guard }: InspectorDeps,
): void => {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/replication',
      tags: ['inspector'],
      summary: 'Where this node stands, and its links',
      middleware: guard.require('replication:read'),
      responses: {
        200: { description: 'The state of replication', content: json(api.ReplicationOut) },
        ...problemResponses('unauthorized', 'forbidden'),
      },
    }),
    () => {
      const vector = vectorOf(core)
      return answerJson(
        JSON.stringify({
          node,
          replica: core.replica(),
          vector: Object.fromEntries(vector),
          digest: digest.toHex(core.state().digest),
          documents: store.countDocuments(),
          changes: [...vector.values()].reduce((sum, counter) => sum + counter, 0),
          quarantined: [...store.readQuarantine()],
          strangers: mesh()?.strangers() ?? { refused: 0 },
          peers: mesh()?.peers() ?? [],
        }),
      )
    },
  )

  router.openapi(
    createRoute({
      method: 'put',
      path: '/admin/peers/{name}/link',
      tags: ['inspector'],
      summary: 'Cut or open a link, for a drill',
      description: 'Both directions. A restart opens all links.',
      middleware: guard.require('replication:drill'),
      request: {
        params: api.PeerParams,
        body: { required: true, content: json(api.LinkBody) },
      },
      responses: {
        200: { description: 'The link as it is now', content: json(api.LinkOut) },
        ...problemResponses('peer_unknown', 'invalid_request', 'unauthorized', 'forbidden'),
      },
    }),
    (c) => {
      const { name } = c.req.valid('param')
      const { state } = c.req.valid('json')
      const set = mesh()?.setLink(name, state)
      return set?.ok
        ? answerJson(JSON.stringify({ name, state }))
        : problem(c, { code: 'peer_unknown', detail: `No node named ${name} was met yet` })
    },
  )
}

const addDocumentRoutes = (router: OpenAPIHono<NodeEnv>, deps: InspectorDeps): void => {
  const { core, store, kinds, guard } = deps
  const history: HistoryDeps = { store, nodeOf: (replica) => nodeOf(core, replica) }
  const find = finder(deps)

  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/documents/{kind}/{id}',
      tags: ['inspector'],
      summary: 'Explain a document',
      description: "Each field's winner and siblings, who wrote them, and by which rule it won.",
      middleware: guard.require('documents:explain'),
      request: { params: api.DocumentParams, query: api.AtQuery },
      responses: {
        200: { description: 'The document, explained', content: json(api.ExplainedOut) },
        ...problemResponses(
          'document_not_found',
          'document_kind_unknown',
          'beyond_retention',
          'invalid_request',
          'unauthorized',
          'forbidden',
        ),
      },
    }),
    (c) => {
      const { kind: name, id } = c.req.valid('param')
      const { at } = c.req.valid('query')
      const found = find(name, id)
      if ('code' in found) return problem(c, found)
      const { kind } = found
      const folded = foldedUntil(history, { kind: name, id })
      if (at && folded && hlc.compare(at, { ...folded, replica: at.replica }) < 0) {
        const detail = `What is kept of ${name}/${id} begins at ${timeOf(folded)}`
        return problem(c, { code: 'beyond_retention', detail })
      }
      const past = replayHistory(history, { kind, id, ...(at ? { until: at } : {}) })
      if (past.changes === 0 && !past.isFolded) {
        const detail = `There was no ${name}/${id} then`
        return problem(c, { code: 'document_not_found', detail })
      }
      return answerJson(
        JSON.stringify({
          kind: name,
          id,
          at: at ? new Date(at.wallMs).toISOString() : null,
          changes: past.changes,
          foldedUntil: folded ? timeOf(folded) : null,
          conflicts: conflictsOf(found, past.document),
          fields: explain(kind.schema, past, found.secrets),
        }),
      )
    },
  )

  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/documents/{kind}/{id}/history',
      tags: ['inspector'],
      summary: "A document's changes, earliest first",
      description: 'Those that are kept; `foldedUntil` says where what is kept begins.',
      middleware: guard.require('documents:explain'),
      request: { params: api.DocumentParams, query: PageQuery },
      responses: {
        200: { description: 'A page of changes', content: json(api.HistoryPage) },
        ...problemResponses(
          'document_not_found',
          'document_kind_unknown',
          'invalid_cursor',
          'unauthorized',
          'forbidden',
        ),
      },
    }),
    (c) => {
      const { kind: name, id } = c.req.valid('param')
      const { limit, cursor } = c.req.valid('query')
      const found = find(name, id)
      if ('code' in found) return problem(c, found)
      const after = cursor === undefined ? ok('') : decodeCursor(cursor, z.string())
      if (!after.ok) return problem(c, after.refusal)
      const rest = listHistory(history, { kind: name, id }).filter(({ hlc }) => hlc > after.value)
      const folded = foldedUntil(history, { kind: name, id })
      return answerJson(
        JSON.stringify({
          ...slice(rest, limit, (last) => last.hlc),
          foldedUntil: folded ? timeOf(folded) : null,
        }),
      )
    },
  )

  function finder({ kinds: known }: InspectorDeps) {
    return (name: string, id: string): InspectedKind | Refusal => {
      const found = known.find(({ kind }) => kind.schema.kind === name)
      if (!found) {
        const names = kinds.map(({ kind }) => kind.schema.kind).join(', ')
        return { code: 'document_kind_unknown', detail: `There are documents of kind ${names}` }
      }
      return core.exists(found.kind.schema, id)
        ? found
        : { code: 'document_not_found', detail: `There is no ${name}/${id}` }
    }
  }
}

const addConflictRoutes = (
  router: OpenAPIHono<NodeEnv>,
  { core, pipeline, store, kinds, guard }: InspectorDeps,
): void => {
  const queries = createConflictQueries(store.database, kinds)
  const history: HistoryDeps = { store, nodeOf: (replica) => nodeOf(core, replica) }

  router.openapi(
    createRoute({
      method: 'get',
      path: '/admin/conflicts',
      tags: ['inspector'],
      summary: 'Registers that hold siblings',
      middleware: guard.require('conflicts:read'),
      request: { query: api.ConflictQuery },
      responses: {
        200: { description: 'A page of conflicts', content: json(api.ConflictPage) },
        ...problemResponses('invalid_request', 'invalid_cursor', 'unauthorized', 'forbidden'),
      },
    }),
    (c) => {
      const { kind, limit, cursor } = c.req.valid('query')
      const found = queries.list({ kind, limit, cursor })
      if (!found.ok) return problem(c, found.refusal)
      const items = found.value.items.map((conflict) => ({
        ...conflict,
        ...contested(conflict),
      }))
      return answerJson(JSON.stringify({ ...found.value, items }))
    },
  )

  const contested = (conflict: ConflictRow) => {
    const { kind: name, id, field } = conflict
    const inspected = kinds.find(({ kind }) => kind.schema.kind === name)
    if (!inspected) return { value: null, siblings: [] }
    const sharedWith = queries.sharedWith(conflict)
    if (sharedWith.length > 0) {
      return { value: field.slice(field.indexOf('/') + 1), siblings: [], sharedWith }
    }
    const past = replayHistory(history, { kind: inspected.kind, id })
    const [first = '', ...key] = field.split('/')
    const explained = explain(inspected.kind.schema, past, inspected.secrets)[first]
    const register = key.length > 0 ? explained?.entries?.[key.join('/')] : explained
    return {
      value: register?.value ?? null,
      siblings: [register?.winner, ...(register?.siblings ?? [])].filter((one) => one),
    }
  }

  router.openapi(
    createRoute({
      method: 'post',
      path: '/admin/conflicts/{kind}/{id}/resolve',
      tags: ['inspector'],
      summary: 'Settle a conflict',
      middleware: guard.require('conflicts:resolve'),
      request: {
        params: api.DocumentParams,
        headers: IdempotencyKeyHeader,
        body: { required: true, content: json(api.ResolveBody) },
      },
      responses: {
        200: { description: 'One value stands', content: json(api.Resolved) },
        ...problemResponses('conflict_not_found', 'document_kind_unknown', ...mutationProblems),
      },
    }),
    async (c) => {
      const { kind: name, id } = c.req.valid('param')
      const { field, keep, value = null } = c.req.valid('json')
      const inspected = kinds.find(({ kind }) => kind.schema.kind === name)
      if (!inspected) {
        return problem(c, { code: 'document_kind_unknown', detail: `There is no kind ${name}` })
      }
      if (inspected.shared && queries.sharedWith({ kind: name, id, field }).length > 0) {
        return problem(c, { code: 'invalid_request', detail: inspected.shared.advice })
      }
      const input = {
        id,
        field,
        keep: keep === undefined ? { value: value as Value } : { dot: keep },
      }
      const done = await submit(c, pipeline, { decide: resolveConflict(inspected), input })
      if (!done.ok) return problem(c, done.refusal)
      const { answer, receipt } = done.value
      return answerWithReceipt({ json: JSON.stringify(answer), receipt })
    },
  )
}

const slice = <T>(rest: readonly T[], limit: number, keyOf: (last: T) => string) => {
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  return { items, ...(rest.length > limit && last ? { next: encodeCursor(keyOf(last)) } : {}) }
}

const timeOf = ({ wallMs }: hlc.Clock): string => new Date(wallMs).toISOString()
