/** Uses of a coupon are fetched from whoever has them, over links that are slow, lose things, or are cut. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../../../crdt/codec.ts'
import type { AskPeers } from '../../../../node/inventory/ask-peers.ts'
import { createCouponBroker } from '../../../../node/promotions/coupon-broker.ts'
import {
  couponTopic,
  decodeQuestion,
  decodeReply,
  encodeQuestion,
  encodeReply,
} from '../../../../node/promotions/coupon-message.ts'
import { issueCoupon, type CouponCode } from '../../../../node/promotions/coupon.ts'
import { promotionRules } from '../../../../node/promotions/promotion.ts'
import { createAccount } from '../../../../node/identity/account.ts'
import { openReplica } from '../../../../node/replication/replica.ts'
import type { Core } from '../../../../node/core/core.ts'
import { createVirtualTime } from '../../sync/virtual-time.ts'
import { createRegion, send, type Region } from '../catalog/region.ts'
import { promotionInput } from '../pricing/market.ts'
import { accountOf, hash, placing } from './redeeming.ts'

const code = 'WELCOME' as CouponCode

interface Sea {
  readonly loses: (what: 'question' | 'answer' | 'change') => boolean
}

/** Two nodes, `eu` and `us`, of which each may ask the other. */
const open = ({ loses }: Sea = { loses: () => false }) => {
  const time = createVirtualTime()
  const names = ['eu', 'us'] as const
  const regions = new Map<string, Region>()
  const region = (name: string) => regions.get(name)!
  const other = (name: string) => (name === 'eu' ? 'us' : 'eu')
  let isCut = false
  const travel = (what: 'question' | 'answer' | 'change', work: () => void) => {
    if (isCut || loses(what)) return
    time.timers.after(20, work)
  }
  const brokers = new Map<string, ReturnType<typeof createCouponBroker>>()
  let asked = 0

  /** What `name` has comes to the other one, sooner or later. */
  const stream = (name: string) =>
    travel('change', () => {
      send(region(name), region(other(name)))
      brokers.get(other(name))?.committed()
    })

  for (const name of names) {
    const own = createRegion()
    regions.set(name, own)
    own.run(openReplica, { node: name })
    const peers: AskPeers = {
      peers: () => [{ name: other(name), replica: region(other(name)).core.replica() }],
      ask: (peer, topic, question, deadlineMs) =>
        new Promise((resolve, reject) => {
          asked++
          expect(topic).toBe(couponTopic)
          time.timers.after(deadlineMs, () => reject(new Error('No answer in time')))
          const answering = async () => {
            const from = { name, replica: own.core.replica() }
            const bytes = await brokers.get(peer)!.answer(question, from)
            travel('answer', () => resolve(bytes))
            stream(peer)
          }
          travel('question', () => void answering())
        }),
    }
    let seed = 0
    const broker = createCouponBroker({
      core: own.core,
      submit: (command) => {
        const [done] = own.core.execute([command as Parameters<Core['execute']>[0][number]])
        return done && 'ok' in done ? Promise.resolve(done as never) : Promise.reject(done?.thrown)
      },
      peers,
      clock: time.clock,
      timers: time.timers,
      random: (count) => new Uint8Array(count).fill(++seed),
    })
    brokers.set(name, broker)
  }
  const [eu, us] = [region('eu'), region('us')]
  return {
    eu,
    us,
    asked: () => asked,
    cut: () => {
      isCut = true
    },
    meet: () => {
      send(eu, us)
      send(us, eu)
    },
    fetch: async (name: string, customer?: string) => {
      let came: boolean | undefined
      const fetching = async () => {
        came = await brokers.get(name)!.fetch({ codes: ['welcome', 'no coupon'], customer }, 2_000)
      }
      void fetching()
      await time.advanceUntil(() => came !== undefined, 5_000)
      return came
    },
  }
}

const issued = (region: Region, limit: number | null, perCustomer: number | null = null) => {
  const input = promotionInput({ needsCoupon: true })
  region.run(promotionRules.create, { ...input, id: 'welcome' })
  region.run(issueCoupon, {
    code,
    promotion: 'welcome',
    limit,
    perCustomer,
    endsMs: null,
    nodes: [],
  })
}

const redeems = (region: Region, customer?: string) =>
  region.run(placing, { coupons: [{ code }], customer }) === null

describe('uses of a coupon', () => {
  test('come from whoever has them, half at once', async () => {
    const { eu, us, meet, fetch, asked } = open()
    issued(eu, 10)
    meet()
    expect(redeems(us)).toBe(false)
    expect(await fetch('us')).toBe(true)
    expect(Array.from({ length: 6 }, () => redeems(us))).toEqual([...Array(5).fill(true), false])
    expect(asked()).toBe(1)
    // Nothing is lacking here: nobody is asked.
    expect(await fetch('eu')).toBe(false)
    expect(asked()).toBe(1)
  })

  test('of one customer come from where the customer signed up', async () => {
    const { eu, us, meet, fetch } = open()
    issued(us, null, 1)
    const dave = accountOf('1234')
    const input = { id: dave, email: 'dave@shop.example', passwordHash: hash, roles: [] }
    eu.run(createAccount, input)
    meet()
    expect(redeems(us, dave)).toBe(false)
    expect(await fetch('us', dave)).toBe(true)
    expect([redeems(us, dave), redeems(eu, dave)]).toEqual([true, false])
    expect(await fetch('eu', dave)).toBe(false)
  })

  test('do not come over a cut link, and nobody waits longer than it may take', async () => {
    const { eu, us, meet, fetch, cut } = open()
    issued(eu, 10)
    meet()
    cut()
    expect(await fetch('us')).toBe(false)
    expect(redeems(us)).toBe(false)
  })

  test('are handed over once, whatever is lost on the way', async () => {
    for (const lost of ['question', 'answer', 'change'] as const) {
      let losses = 0
      const { eu, us, meet, fetch } = open({ loses: (what) => what === lost && losses++ === 0 })
      issued(eu, 10)
      meet()
      await fetch('us')
      meet()
      const redeemed = [us, eu].map((region) => {
        let times = 0
        while (redeems(region)) times++
        return times
      })
      expect(redeemed).toEqual([5, 5])
    }
  })
})

describe('the messages', () => {
  test('are read as they were written', () => {
    const name = fc.constant('0123456789abcdef')
    const question = fc.record({
      name,
      code: fc.constantFrom('ABC' as CouponCode, 'SPRING-26' as CouponCode),
      customer: fc.constantFrom(undefined, accountOf('7')),
    })
    fc.assert(
      fc.property(question, (asked) => {
        expect(decodeQuestion(encodeQuestion(asked))).toEqual(asked)
      }),
    )
    const { core } = createRegion()
    const change = { replica: core.replica(), counter: 7 }
    expect(decodeReply(encodeReply(change))).toEqual(change)
    expect(decodeReply(encodeReply(undefined))).toBeUndefined()
  })

  test('of other bytes are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect([decodeQuestion, decodeReply].map((read) => fails(read, bytes))).not.toContain(
          'otherwise',
        )
      }),
    )
  })
})

const fails = (read: (bytes: Uint8Array) => unknown, bytes: Uint8Array) => {
  try {
    read(bytes)
    return 'not at all'
  } catch (error) {
    return error instanceof DecodeError ? 'as it should' : 'otherwise'
  }
}
