/** What admins do about what two regions disagreed on. */

import { dotKey } from '../../../crdt/dot.ts'
import * as lwwRegister from '../../../crdt/lww-register.ts'
import type { InspectedKind } from '../../../node/inspector/conflict.ts'
import { conflictTable, registersOf } from '../../../node/inspector/conflict.ts'
import { resolveConflict } from '../../../node/inspector/resolve.ts'
import * as shop from '../../../node/shop.ts'
import type { Process } from '../cluster/process.ts'
import { deed, type MakeDeed } from './deed.ts'

interface Contested {
  readonly inspected: InspectedKind
  readonly id: string
  readonly field: string
}

export const conflictDeeds = {
  resolveConflict: ({ random, process }) => {
    const contested = contestedAt(process)
    if (contested.length === 0) return undefined
    const { inspected, id, field } = random.pick(contested)
    const { schema } = inspected.kind
    const document = schema.decode(process.store.readDocument(schema.kind, id)!.bytes)
    const register = registersOf(schema, document).find(([path]) => path === field)?.[1]
    const kept = register && random.pick(lwwRegister.siblings({ store: register }))
    const keep =
      field === 'deletion' || !kept
        ? { value: random.pick(['restore', 'keep']) }
        : { dot: dotKey(kept.dot) }
    return deed('account/admin', resolveConflict(inspected), { id, field, keep })
  },
} satisfies Record<string, MakeDeed>

const contestedAt = ({ store }: Process): readonly Contested[] => {
  const { rows, documentsByNumber } = store.tables()
  return shop.inspectedKinds.flatMap((inspected) =>
    [...(rows.get(conflictTable(inspected.kind).name) ?? [])].flatMap(([number, list]) => {
      const id = documentsByNumber.get(number)?.id
      return id === undefined
        ? []
        : list.map((row) => ({ inspected, id, field: String(row['field']) }))
    }),
  )
}
