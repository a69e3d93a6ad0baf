/** All that is derived is what a rebuild would derive: rows, requests, histories, hashes, the digest. */

import type { Document } from '../../../crdt/document.ts'
import type { DocumentKind } from '../../../node/core/capability.ts'
import * as digest from '../../../node/core/digest.ts'
import { kindsByName, understand } from '../../../node/core/understand.ts'
import { keyOf } from '../store/tables.ts'
import * as change from '../../../sync/change.ts'
import { sortedRows } from './nodes-agree.ts'
import type { CreateChecker, Report, SettledNode } from './checker.ts'

export const derivedAsRebuilt: CreateChecker = (report) => ({
  settled: ({ nodes }) => {
    for (const node of nodes) {
      checkDigest(report, node)
      checkDocuments(report, node)
      checkRows(report, node)
      checkIndexes(report, node)
    }
  },
})

const checkDigest = (report: Report, { node, state, tables }: SettledNode): void => {
  const sum = digest.sumFrom(digest.empty())
  for (const { kind, id, bytes, hash } of tables.documents.values()) {
    const expected = digest.documentHash(kind, id, bytes)
    if (Buffer.compare(expected, hash) !== 0)
      report(`${node.name} has a wrong hash of ${kind}/${id}`)
    sum.add(expected)
  }
  if (Buffer.compare(sum.bytes(), state.digest) !== 0) {
    report(`the digest of ${node.name} is not the sum of its documents`)
  }
}

/** A document is its base joined with what the log says, by the pure join that the law suite proves. */
const checkDocuments = (report: Report, { node, tables, kinds }: SettledNode): void => {
  const byName = kindsByName(kinds)
  const states = new Map<string, { readonly kind: DocumentKind; state: Document }>()
  for (const { kind: name, id, bytes } of tables.folded.values()) {
    const kind = byName.get(name)
    if (kind) states.set(keyOf(name, id), { kind, state: kind.schema.decode(bytes) })
  }
  for (const { bytes } of tables.log.values()) {
    for (const { kind, id, delta } of understand(byName, change.decode(bytes))) {
      const key = keyOf(kind.schema.kind, id)
      const known = states.get(key) ?? { kind, state: kind.schema.bottom }
      states.set(key, { kind, state: kind.schema.join(known.state, delta) })
    }
  }
  for (const [key, { kind, state }] of states) {
    const found = tables.documents.get(key)
    if (!found || Buffer.compare(found.bytes, kind.schema.encode(state)) !== 0) {
      report(`in ${node.name}, ${key} is not what its base and the log make of it`)
    }
  }
  for (const { kind, id } of tables.unread.values()) {
    if (byName.has(kind)) report(`${node.name} has not read its ${kind}/${id}, though it could`)
  }
}

const checkRows = (report: Report, { node, tables, kinds }: SettledNode): void => {
  const byName = new Map(kinds.map((kind) => [kind.schema.kind, kind]))
  const left = new Map([...tables.rows].map(([name, rows]) => [name, new Set(rows.keys())]))
  for (const { number, kind: name, id, bytes } of tables.documents.values()) {
    const kind = byName.get(name)
    if (!kind) continue
    const expected = kind.project(id, kind.schema.decode(bytes))
    for (const table of kind.tables) {
      left.get(table.name)?.delete(number)
      const found = sortedRows(tables.rows.get(table.name)?.get(number) ?? [])
      if (found !== sortedRows(expected[table.name] ?? [])) {
        report(`${node.name} has other rows of ${name}/${id} in ${table.name} than a rebuild makes`)
      }
    }
  }
  for (const [name, numbers] of left) {
    if (numbers.size > 0) report(`${node.name} has rows in ${name} that belong to no document`)
  }
}

/** Which change answered which request, and which changes made which document. */
const checkIndexes = (report: Report, { node, tables, kinds }: SettledNode): void => {
  const known = new Set(kinds.map(({ schema }) => schema.kind))
  let requests = 0
  let touches = 0
  for (const { position, bytes } of tables.log.values()) {
    const made = change.decode(bytes)
    for (const request of new Set(made.requests)) {
      requests++
      if (!tables.requests.get(request)?.includes(position)) {
        report(`${node.name} does not know that the change at ${position} answered ${request}`)
      }
    }
    for (const key of new Set(made.deltas.map(({ kind, id }) => keyOf(kind, id)))) {
      const document = tables.documents.get(key)
      if (!document) {
        if (known.has(key.split('/')[0] ?? '')) report(`${node.name} has no document ${key}`)
        continue
      }
      touches++
      if (!tables.touches.get(document.number)?.has(position)) {
        report(`${node.name} lacks the change at ${position} in the history of ${key}`)
      }
    }
  }
  const foundRequests = [...tables.requests.values()].reduce((sum, list) => sum + list.length, 0)
  const foundTouches = [...tables.touches.values()].reduce((sum, list) => sum + list.size, 0)
  if (foundRequests > requests) report(`${node.name} knows requests that no change answered`)
  if (foundTouches > touches) report(`${node.name} has histories with changes that are not theirs`)
}
