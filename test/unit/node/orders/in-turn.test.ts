import { expect, it } from 'vitest'
import { edit } from '../../../../crdt/document.ts'
import * as lwwRegister from '../../../../crdt/lww-register.ts'
import { draftDelta, type Decide, type World } from '../../../../node/core/capability.ts'
import { cart, lines } from '../../../../node/cart/cart.ts'
import * as cartRules from '../../../../node/cart/cart.ts'
import { inTurn, type Turn } from '../../../../node/orders/in-turn.ts'
import { ok, refused } from '../../../../node/result.ts'
import { guest, variantOf } from '../cart/shopping.ts'
import { createRegion } from '../catalog/region.ts'

const adding =
  (name: string, quantity: number): Turn<never> =>
  (world) =>
    ok([
      draftDelta(
        cart,
        guest,
        cartRules.editTags(world.read(cart, guest), [
          cartRules.add(world, name, { variant: variantOf('TEA'), quantity }),
        ]),
      ),
    ])

const naming: Turn<never> = (world) =>
  ok([
    draftDelta(
      cart,
      guest,
      edit(cart, world.read(cart, guest), {
        account: (register) =>
          lwwRegister.write(
            register,
            world.time,
            String(lines(world.read(cart, guest))[0]?.quantity ?? 0),
          ),
      }),
    ),
  ])

const rule =
  (turns: readonly Turn<never>[]): Decide<null, null> =>
  (world) => {
    const deltas = inTurn(world, turns)
    return deltas.ok ? ok({ type: 'test', deltas: deltas.value, answer: null }) : deltas
  }

it('shows each rule what those before it did, and makes one delta of each document', () => {
  const region = createRegion()
  const turns = [adding('a', 2), adding('b', 3), naming]
  let made = 0
  region.run((world: World) => {
    const deltas = inTurn(world, turns)
    made = deltas.ok ? deltas.value.length : 0
    return rule([])(world, null)
  }, null)
  region.run(rule(turns), null)
  expect(made).toBe(1)
  const document = region.core.read(cart, guest)
  expect(lines(document)).toMatchObject([{ quantity: 5 }])
  expect(lwwRegister.read({ store: document.store.account })).toBe('5')
})

it('sees a document that an earlier rule began', () => {
  const region = createRegion()
  region.run((world: World) => {
    expect(world.exists(cart, guest)).toBe(false)
    const turns: Turn<never>[] = [
      adding('a', 1),
      (after) => {
        expect(after.exists(cart, guest)).toBe(true)
        return ok([])
      },
    ]
    return rule(turns)(world, null)
  }, null)
})

it('does nothing of it if one of them cannot', () => {
  const region = createRegion()
  const stopped = region.run((world: World) => {
    const deltas = inTurn<'no'>(world, [adding('a', 1), () => refused('no'), adding('b', 1)])
    expect(deltas).toEqual(refused('no'))
    return rule([])(world, null)
  }, null)
  expect(stopped).toBe(null)
  expect(lines(region.core.read(cart, guest))).toEqual([])
})
