/**
 * A rush, from one seed: three shops, one variant, more buyers than there are units. Links are cut, processes
 * end and start, the gateway loses answers and is down for a while; buyers ask again under the same key,
 * use a coupon that does not last for all, and some give back what they got. Then everything is healed,
 * while there is demand left, and the checkers look at what has become of it.
 */

import { createProduct } from '../../../node/catalog/product-rules.ts'
import { createCatalogQueries } from '../../../node/catalog/queries.ts'
import { createSkuOwners } from '../../../node/catalog/sku-owners.ts'
import { productIdOf, variantIdOf } from '../../../node/catalog/ids.ts'
import type { BeginInput } from '../../../node/checkout/begin-rules.ts'
import { isUnsettled } from '../../../node/orders/attend.ts'
import { isOrderId, orderIdOf, type OrderId } from '../../../node/orders/order-id.ts'
import { orderOf } from '../../../node/orders/order-log.ts'
import { cancelOrder } from '../../../node/orders/order-rules.ts'
import { promotionRules } from '../../../node/promotions/promotion.ts'
import { issueCoupon, type CouponCode } from '../../../node/promotions/coupon.ts'
import { productInput } from '../../unit/node/catalog/region.ts'
import { address } from '../../unit/node/orders/selling.ts'
import { promotionInput } from '../../unit/node/pricing/market.ts'
import { createRandom } from '../world/random.ts'
import { createTimeline } from '../world/timeline.ts'
import { checkers } from './checkers/all.ts'
import type { Attempt, Facts } from './checkers/checker.ts'
import { createSimGateway } from './gateway.ts'
import { createSea } from './sea.ts'
import { createShop, type Life, type Shop } from './shop.ts'

export interface RushSize {
  readonly units: number
  readonly attempts: number
}

export interface RushResult {
  readonly seed: number
  /** Orders that stand in the end. */
  readonly sold: number
  /** The most that was acknowledged and not yet asked to be given back, at any time. */
  readonly soldMost: number
  readonly soldBeforeHeal: number
  readonly attempts: number
  readonly refused: number
  readonly givenBack: number
  readonly couponsUsed: number
  readonly kills: number
  readonly cuts: number
  /** What is wrong, each with the property that says so. */
  readonly violations: readonly string[]
}

const names = ['eu', 'us', 'ap']
export const variant = variantIdOf(productIdOf('LAST'), 'LAST')
export const code = 'RUSH' as CouponCode

/** Cards that go through, with what happens to their answers; and some that do not. */
const cards = [
  ...Array.from({ length: 12 }, () => 'tok_ok'),
  'tok_timeout_once',
  'tok_capture_timeout_once',
  'tok_declined',
  'tok_late',
]

export const runRush = async (seed: number, { units, attempts }: RushSize): Promise<RushResult> => {
  const random = createRandom(`${seed}/rush`)
  const timeline = createTimeline()
  const gateway = createSimGateway(timeline, random.split('gateway'))
  const sea = createSea(timeline, random.split('sea'))
  const violations: string[] = []
  const report = (property: string) => (sentence: string) => {
    if (violations.length < 20) violations.push(`${property}: ${sentence}`)
  }
  const coupons = Math.ceil(units / 4)
  const checked = checkers({ variant, code, units, coupons }, report)
  const shops = names.map((name) =>
    createShop(
      {
        timeline,
        random: random.split('shops'),
        sea,
        gateway,
        committed: (core, changed) => {
          for (const { committed } of checked) committed?.(name, core, changed)
        },
        threw: (error) => report('nothing is thrown')(String(error)),
      },
      name,
    ),
  )
  for (const one of shops) {
    sea.join(one)
    one.start()
  }

  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  const passUntil = async (isOver: () => boolean, limitMs: number): Promise<void> => {
    const untilMs = timeline.nowMs() + limitMs
    await settled()
    while (!isOver() && timeline.runNext(untilMs)) await settled()
  }
  const pass = (ms: number) => passUntil(() => false, ms)
  const sleep = (ms: number): Promise<undefined> =>
    new Promise((resolve) => timeline.at(timeline.nowMs() + ms, () => resolve(undefined)))

  await pass(1_000)
  await setUp(shops, { units, coupons, pass })

  const book = new Map<OrderId, Attempt>()
  const count = { refused: 0, givenBack: 0, kills: 0, cuts: 0, soldMost: 0, sold: 0 }
  const chance = random.split('buyers')
  const givesBack = chance.pick([0.05, 0.1, 0.5])
  let isHealed = false
  let under = 0

  /** Asks until somebody says yes, or all who may have said yes have said no. */
  const insist = async <T>(
    ask: (life: Life) => Promise<T>,
    isNo: (answer: T) => boolean | 'later',
  ) => {
    const unheard = new Set<Shop>()
    let next = chance.pick(shops)
    for (let tries = 0; tries < 400; tries++) {
      const shop = next
      next = chance.pick(shops)
      const life = shop.life()
      if (!life) {
        await sleep(chance.between(50, 500))
        continue
      }
      const answer = await Promise.race([ask(life), life.ended, sleep(20_000)])
      if (answer === undefined) unheard.add(shop)
      else {
        const no = isNo(answer)
        if (no === false) return true
        if (no === true) {
          unheard.delete(shop)
          const [other] = unheard
          if (!other) return false
          next = other
        }
      }
      await sleep(chance.between(10, 200))
    }
    report('everybody is answered')('a buyer was told neither yes nor no')
    return false
  }

  const buy = async (number: number): Promise<void> => {
    const who = `account/c${number}`
    const id = orderIdOf(who, 'k')
    const usesCoupon = chance.chance(0.3)
    const token = chance.pick(cards)
    const input: BeginInput = {
      id,
      node: '',
      who,
      account: `c${number}`,
      basket: { items: [{ variant, quantity: 1 }] },
      address,
      coupons: usesCoupon ? [code] : [],
      shippingMethod: undefined,
      payment: { provider: 'sandbox', token },
      expectedTotal: undefined,
    }
    const attempt: Attempt = { id, usesCoupon, state: 'asked' }
    book.set(id, attempt)
    const isPlaced = await insist(
      (life) => life.place(input),
      (answer) => !answer.ok && (answer.refusal.code === 'order_in_progress' ? 'later' : true),
    )
    if (!isPlaced) {
      count.refused++
      attempt.state = 'refused'
      return
    }
    // The bank's word was not heard in time, and when it was heard it was no: the order stood until then.
    if (token === 'tok_declined') {
      attempt.state = 'declined'
      return
    }
    attempt.state = 'accepted'
    count.soldMost = Math.max(count.soldMost, ++count.sold)
    if (count.sold > units) report('no more is accepted than there is')(`${count.sold} of ${units}`)
    if (!chance.chance(givesBack)) return
    await sleep(chance.between(1, 5_000))
    // From now on its unit may be sold anew.
    attempt.state = 'given back'
    count.sold--
    count.givenBack++
    await insist(
      (life) => life.run(cancelOrder, { id, by: who, reason: 'no' }),
      (answer) => !answer.ok && (answer.refusal.code === 'order_not_found' ? 'later' : true),
    )
  }

  const comes = (number: number) => {
    under++
    void buy(number).finally(() => under--)
  }
  // Half of them come in the first tenth of the time: there are units then, and nodes that are cut off.
  const rushMs = 60_000
  const early = Math.floor(attempts * 0.9)
  for (let number = 0; number < early; number++) {
    const share = number % 2 === 0 ? 0.1 : 1
    timeline.at(timeline.nowMs() + chance.fraction() * share * rushMs, () => comes(number))
  }
  mischief(random.split('mischief'), { shops, sea, gateway, timeline, rushMs, count })
  await pass(rushMs)

  isHealed = true
  sea.heal()
  gateway.heal()
  for (const one of shops) one.start()
  const soldBeforeHeal = count.sold
  for (let number = early; number < attempts; number++) {
    timeline.at(timeline.nowMs() + chance.fraction() * 20_000, () => comes(number))
  }
  await pass(20_000)
  await passUntil(() => under === 0, 600_000)
  const isQuiet = () => under === 0 && isSettled(shops, book)
  await passUntil(isQuiet, 900_000)
  // What was given back last is there for whoever comes now.
  let more = attempts
  for (let round = 0; round < 40 && count.sold < units; round++) {
    for (let each = 0; each < 5; each++) comes(more++)
    await pass(2_000)
    await passUntil(isQuiet, 900_000)
  }
  await pass(20 * 60_000)
  await passUntil(isQuiet, 900_000)

  const lives = shops.flatMap((one) => one.life() ?? [])
  const facts: Facts = { lives, book: [...book.values()], books: gateway.books }
  for (const { settled: look } of checked) look?.(facts)
  const used = [...book.values()].filter(
    ({ state, usesCoupon }) => state === 'accepted' && usesCoupon,
  ).length
  for (const one of shops) one.close()
  return {
    ...count,
    seed,
    soldBeforeHeal,
    attempts: book.size,
    couponsUsed: used,
    violations: isHealed ? violations : ['it was never healed'],
  }
}

const setUp = async (
  shops: readonly Shop[],
  {
    units,
    coupons,
    pass,
  }: {
    readonly units: number
    readonly coupons: number
    readonly pass: (ms: number) => Promise<void>
  },
): Promise<void> => {
  const [first, ...rest] = shops.flatMap((one) => one.life() ?? [])
  if (!first) throw new Error('There is a shop')
  const skuOwners = createSkuOwners(createCatalogQueries(first.database))
  const product = productInput({ sku: 'LAST', name: 'LAST', initialQuantity: units })
  void first.run(createProduct(skuOwners), product)
  void first.run(promotionRules.create, { ...promotionInput({ needsCoupon: true }), id: 'rush' })
  void first.run(issueCoupon, {
    code,
    promotion: 'rush',
    limit: coupons,
    perCustomer: null,
    endsMs: null,
    nodes: rest.map(({ core }) => core.replica()),
  })
  await pass(5_000)
}

interface Theatre {
  readonly shops: readonly Shop[]
  readonly sea: ReturnType<typeof createSea>
  readonly gateway: ReturnType<typeof createSimGateway>
  readonly timeline: ReturnType<typeof createTimeline>
  readonly rushMs: number
  readonly count: { kills: number; cuts: number }
}

/** All that goes wrong until the heal, planned ahead. */
const mischief = (
  random: ReturnType<typeof createRandom>,
  { shops, sea, gateway, timeline, rushMs, count }: Theatre,
): void => {
  const startMs = timeline.nowMs()
  const at = (ms: number, work: () => void) => {
    if (ms < rushMs) timeline.at(startMs + ms, work)
  }
  const often = random.pick([5, 15, 40])
  for (let cut = 0; cut < often; cut++) {
    const [a, b] = [random.pick(names), random.pick(names)]
    if (a === b) continue
    const fromMs = random.chance(0.3) ? random.fraction() * 500 : random.fraction() * rushMs
    at(fromMs, () => {
      count.cuts++
      sea.setCut(a, b, true)
    })
    at(fromMs + random.between(100, 15_000), () => sea.setCut(a, b, false))
  }
  for (let kill = 0; kill < random.pick([0, 3, 12]); kill++) {
    const shop = random.pick(shops)
    const fromMs = random.fraction() * rushMs
    at(fromMs, () => {
      if (!shop.life()) return
      count.kills++
      shop.kill()
    })
    at(fromMs + random.between(10, 5_000), () => shop.start())
  }
  if (random.chance(0.5)) {
    const fromMs = random.fraction() * rushMs
    at(fromMs, () => gateway.setDown(true))
    at(fromMs + random.between(1_000, 20_000), () => gateway.setDown(false))
  }
}

/** Whether all shops have the same, and nothing is left to be done about any order that was asked for. */
const isSettled = (shops: readonly Shop[], book: ReadonlyMap<OrderId, Attempt>): boolean => {
  const lives = shops.flatMap((one) => one.life() ?? [])
  if (new Set(lives.map(({ log }) => log.digest())).size > 1) return false
  const [one] = lives
  if (!one) return false
  const open = one.database.prepare('select count(*) from open_runs').pluck().get() as number
  const unsettled = one.database
    .prepare('select id from orders where is_unsettled = 1')
    .pluck()
    .all() as string[]
  return (
    open === 0 &&
    unsettled.every((id) => !isOrderId(id) || !book.has(id) || !isUnsettledNow(one, id))
  )
}

const isUnsettledNow = ({ core }: Life, id: OrderId): boolean => {
  const order = orderOf(core, id)
  return order !== undefined && isUnsettled(order)
}
