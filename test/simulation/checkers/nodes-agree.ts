/** After the faults, all nodes have the same changes, the same documents and the same rows. */

import { toHex } from '../../../node/core/digest.ts'
import type { Row } from '../../../node/core/store.ts'
import type { Tables } from '../store/tables.ts'
import type { CreateChecker, SettledNode } from './checker.ts'

export const nodesAgree: CreateChecker = (report) => ({
  settled: ({ nodes }) => {
    const [first, ...others] = nodes
    if (!first) return
    for (const other of others) {
      const difference = differenceOf(first, other)
      if (difference !== undefined) {
        report(`${first.node.name} and ${other.node.name} differ in ${difference}`)
      }
    }
  },
})

const differenceOf = (a: SettledNode, b: SettledNode): string | undefined => {
  const heads = new Map([...b.state.heads].map(([replica, { counter }]) => [replica, counter]))
  for (const [replica, { counter }] of a.state.heads) {
    if (heads.get(replica) !== counter) return `their changes of ${replica}`
  }
  if (heads.size !== a.state.heads.size) return 'the replicas they know'
  if (a.tables.documents.size !== b.tables.documents.size) return 'the number of documents'
  for (const [key, { bytes }] of a.tables.documents) {
    const other = b.tables.documents.get(key)
    if (!other || Buffer.compare(other.bytes, bytes) !== 0) return `the document ${key}`
  }
  if (toHex(a.state.digest) !== toHex(b.state.digest)) return 'their digests'
  const [ours, theirs] = [rowsOf(a.tables), rowsOf(b.tables)]
  for (const [key, rows] of ours) if (theirs.get(key) !== rows) return `the rows of ${key}`
  return ours.size === theirs.size ? undefined : 'the number of rows'
}

/** Rows as text; a table has no order. */
export const sortedRows = (rows: readonly Row[]): string =>
  rows
    .map((row) => JSON.stringify(row))
    .sort()
    .join()

/** Rows by table and document, since each node numbers its documents as it meets them. */
const rowsOf = ({ rows, documentsByNumber }: Tables): ReadonlyMap<string, string> => {
  const texts = new Map<string, string>()
  for (const [table, byNumber] of rows) {
    for (const [number, list] of byNumber) {
      const document = documentsByNumber.get(number)
      texts.set(`${table} ${document?.kind}/${document?.id}`, sortedRows(list))
    }
  }
  return texts
}
