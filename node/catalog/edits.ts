/** The edits that the catalog's documents share: writing a register, and leaving alone what is not given. */

import type { Edit } from '../../crdt/document.ts'
import type { DotFun } from '../../crdt/dot-store.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Stamped } from '../../crdt/payload.ts'
import type { Value } from '../../crdt/value.ts'
import type { World } from '../core/capability.ts'

/** Writes `value` over all that was seen. */
export const overwrite =
  <V extends Value>({ time }: Pick<World, 'time'>, value: V): Edit<DotFun<Stamped<V>>> =>
  (register) =>
    lwwRegister.write(register, time, value)

/** The edits that `make` makes of what is given; none if nothing is. */
export const given = <T, E>(value: T | undefined, make: (value: T) => E): E | readonly never[] =>
  value === undefined ? [] : make(value)
