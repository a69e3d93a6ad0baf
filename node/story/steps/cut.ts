/** The third act: the cable to eu is cut, and both sides go on. */

import { z } from 'zod'
import { awaitAgreement, readStandings, standingRows } from '../agreement.ts'
import { Cart, NewCart, Product, Replication } from '../answers.ts'
import type { Cast } from '../cast.ts'
import { quantities, tags, twinNames, twinSku, type Deeds } from '../deeds.ts'
import { count, duration, money, percentile, shortName } from '../figures.ts'
import { agreeMsMax, askEveryMs } from '../limits.ts'
import { regions, type ByRegion, type Region } from '../regions.ts'
import type { Stage } from '../stage.ts'
import { pause } from '../story-deps.ts'
import { createVisitors, type Service } from '../visitors.ts'
import { prepareSale, sellApart, type Sale, type Sold } from './sell.ts'

export interface Apart {
  readonly deeds: Deeds
  readonly service: ByRegion<Service>
  /** The nodes just before the cable is back. */
  readonly standings: ByRegion<Replication>
  readonly sale: Sale
  readonly sold: ByRegion<Sold>
}

export const liveApart = async (stage: Stage, cast: Cast): Promise<Apart> => {
  const { narrator } = stage
  const cart = await prepare(stage, cast)
  const sale = await prepareSale(stage, cast.priced.price)
  const visitors = await createVisitors(stage, cast.visited)

  narrator.chapter('2  The cable to eu is cut')
  await setLinks(stage, 'cut')
  await narrator.say(
    '**eu** reaches nobody now, and nobody reaches eu; us and ap still have each other. No node ' +
      'stops: visitors go on looking and buying in all three while the same things are changed on ' +
      'both sides.',
  )
  narrator.look(`${stage.admins.eu.url}/health says that its peers are out of reach`)

  await fillCart(stage, cast, cart)
  const prices = await setPrices(stage, cast)
  await changeTags(stage, cast)
  const edit = await deleteAndEdit(stage, cast)
  const twins = await createTwins(stage, cast)
  const sold = await sellApart(stage, sale)

  const service = await visitors.close()
  await narrator.say(
    'Meanwhile visitors were served like this, every answer from their own region:',
  )
  narrator.table(serviceRows(service), { hasHeading: true })
  const standings = await readStandings(stage)
  await narrator.say('The shops are no longer the same, and the digests say so:')
  narrator.table(standingRows(standings), { hasHeading: true })
  return { deeds: { cast, cart, prices, edit, twins }, service, standings, sale, sold }
}

/** What has to be known everywhere before the cut. */
const prepare = async (stage: Stage, { returning, tagged }: Cast): Promise<NewCart> => {
  const { guests, admins } = stage
  const { value: cart } = await guests.eu.change({ method: 'POST', path: 'carts' }, NewCart)
  await send(stage, 'eu', cart, {
    id: 'before',
    type: 'add',
    variantId: variantOf(returning),
    quantity: quantities.before,
  })
  await admins.eu.change(
    {
      method: 'PATCH',
      path: `products/${tagged.id}`,
      body: { addTags: [tags.dropped, tags.contested], removeTags: [tags.added] },
    },
    Product,
  )
  const { isReached } = await awaitAgreement(stage, agreeMsMax)
  if (!isReached) throw new Error('the nodes do not agree although every cable is in place')
  return cart
}

/** Cuts or opens both links of eu, and waits until nobody says otherwise. */
export const setLinks = async ({ admins, deps }: Stage, state: 'cut' | 'open'): Promise<void> => {
  const path = (name: Region) => `admin/peers/${name}/link`
  for (const name of ['us', 'ap'] as const) {
    const { status } = await admins.eu.ask({ method: 'PUT', path: path(name), body: { state } })
    if (status !== 200) throw new Error(`eu answers ${status} when its link to ${name} is set`)
  }
  if (state === 'open') return
  for (const region of ['us', 'ap'] as const) {
    const isLinked = async () => {
      const { peers } = await admins[region].read('admin/replication', Replication)
      return peers.some(({ name, state }) => name === 'eu' && state === 'live')
    }
    while (await isLinked()) await pause(deps, askEveryMs)
  }
}

interface Intent {
  readonly id: string
  readonly type: 'add' | 'remove'
  readonly variantId: string
  readonly quantity?: number
}

const send = async (
  { guests }: Stage,
  region: Region,
  cart: NewCart,
  ...intents: readonly Intent[]
): Promise<{ readonly value: Cart; readonly ms: number }> =>
  guests[region].change(
    {
      method: 'POST',
      path: `carts/${cart.id}/intents`,
      headers: { 'x-cart-token': cart.token },
      body: { intents },
    },
    Cart,
  )

const variantOf = ({ variants }: Product): string => variants[0]?.id ?? ''

const fillCart = async (stage: Stage, cast: Cast, cart: NewCart): Promise<void> => {
  const [shared, returning, repeated] = [cast.shared, cast.returning, cast.repeated].map(variantOf)
  if (!shared || !returning || !repeated) throw new Error('the catalog has a product to buy')
  const { addedInEu, addedInUs, again, once } = quantities
  // A phone that got no answer tries elsewhere, with the same intent.
  const retried: Intent = { id: 'retried', type: 'add', variantId: repeated, quantity: once }
  const inEu = await send(
    stage,
    'eu',
    cart,
    { id: 'eu-adds', type: 'add', variantId: shared, quantity: addedInEu },
    { id: 'eu-removes', type: 'remove', variantId: returning },
    retried,
  )
  const inUs = await send(
    stage,
    'us',
    cart,
    { id: 'us-adds', type: 'add', variantId: shared, quantity: addedInUs },
    { id: 'us-adds-again', type: 'add', variantId: returning, quantity: again },
    retried,
  )
  await stage.narrator.say(
    `**One cart, two regions.** A shopper opened it in eu before the cut, and its token is good ` +
      `everywhere. Of the first item eu adds ${addedInEu} and us adds ${addedInUs}. The second is ` +
      `taken out in eu and put in once more in us. The third is one click that got no answer and was ` +
      `sent again, so it reaches both.`,
  )
  const row = (region: Region, { value, ms }: typeof inEu) => [
    region,
    ...[shared, returning, repeated].map((variant) =>
      String(value.lines.find(({ variantId }) => variantId === variant)?.quantity ?? 0),
    ),
    duration(ms),
  ]
  stage.narrator.table(
    [
      [
        'seen from',
        ...[cast.shared, cast.returning, cast.repeated].map(({ name }) => shortName(name, 20)),
        'answered in',
      ],
      row('eu', inEu),
      row('us', inUs),
    ],
    { hasHeading: true },
  )
}

const setPrices = async (
  { admins, narrator }: Stage,
  { priced }: Cast,
): Promise<Deeds['prices']> => {
  const { amount, currency } = priced.price
  const tenth = Math.ceil(amount / 10)
  const prices = {
    eu: { amount: amount - tenth, currency },
    us: { amount: amount + tenth, currency },
  }
  for (const region of ['eu', 'us'] as const) {
    await admins[region].change(
      {
        method: 'PUT',
        path: `products/${priced.id}/price`,
        body: { price: prices[region], reason: `decided in ${region}` },
      },
      Product,
    )
  }
  await narrator.say(
    `**One price, two decisions.** ${shortName(priced.name)} costs ${money(priced.price)}. eu lowers ` +
      `it to **${money(prices.eu)}**; us, which cannot know, raises it to **${money(prices.us)}**.`,
  )
  narrator.look(`${admins.eu.url}/api/v1/products/${priced.id}`)
  return prices
}

const changeTags = async ({ admins, narrator }: Stage, { tagged }: Cast): Promise<void> => {
  const path = `products/${tagged.id}`
  const inEu = { removeTags: [tags.dropped, tags.contested] }
  const inUs = { addTags: [tags.added, tags.contested] }
  await admins.eu.change({ method: 'PATCH', path, body: inEu }, Product)
  await admins.us.change({ method: 'PATCH', path, body: inUs }, Product)
  await narrator.say(
    `**Tags.** From ${shortName(tagged.name)}, eu takes off ${tags.dropped} and ${tags.contested}. ` +
      `us puts on ${tags.added}, and ${tags.contested} again.`,
  )
  narrator.look(`${admins.eu.url}/api/v1/${path} and ${admins.us.url}/api/v1/${path}`)
}

const deleteAndEdit = async ({ admins, narrator }: Stage, { withdrawn }: Cast): Promise<string> => {
  const path = `products/${withdrawn.id}`
  const edit = 'Rewritten in us, while eu was deleting the product.'
  await admins.eu.change({ method: 'DELETE', path }, z.object({ id: z.string() }))
  await admins.us.change({ method: 'PATCH', path, body: { description: edit } }, Product)
  await narrator.say(
    `**Deleted and edited.** eu deletes ${shortName(withdrawn.name)}; us rewrites its description.`,
  )
  return edit
}

const createTwins = async (
  { admins, narrator }: Stage,
  { priced }: Cast,
): Promise<Deeds['twins']> => {
  const create = async (region: 'eu' | 'us') => {
    const body = { sku: twinSku, name: twinNames[region], price: priced.price }
    const created = await admins[region].change({ method: 'POST', path: 'products', body }, Product)
    return created.value.id
  }
  const ids = { eu: await create('eu'), us: await create('us') }
  await narrator.say(
    `**Created twice.** eu and us both create a product with the SKU ${twinSku}: a ` +
      `“${twinNames.eu}” here, a “${twinNames.us}” there.`,
  )
  return { ids, names: twinNames }
}

const serviceRows = (service: ByRegion<Service>): readonly (readonly string[])[] => [
  ['region', 'requests', 'failed', 'read, median', 'slowest 1 %', 'write, median', 'slowest 1 %'],
  ...regions.map((region) => {
    const { requests, failures, reads, writes } = service[region]
    const figures = [reads, writes].flatMap((all) => [
      duration(percentile(all, 0.5)),
      duration(percentile(all, 0.99)),
    ])
    return [region, count(requests), count(failures.length), ...figures]
  }),
]
