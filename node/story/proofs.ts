/**
 * The proofs: each holds what was read from all three nodes against what was done, and says what it
 * found. Pure: what is read, and how, is `evidence.ts`.
 */

import type { Conflicts, MergedStore, Money } from './answers.ts'
import { quantities, tags, type Deeds } from './deeds.ts'
import { count, money, shortDigest, shortName } from './figures.ts'
import { isSame, regions, type ByRegion } from './regions.ts'

export interface Proof {
  readonly name: string
  readonly holds: boolean
  /** What was found, in a sentence. */
  readonly evidence: string
}

/** What was read from each node after the cable was back. */
export interface Evidence {
  readonly digests: ByRegion<string>
  readonly vectors: ByRegion<Readonly<Record<string, number>>>
  /** Every change that was acknowledged to anybody in the story. */
  readonly receipts: readonly string[]
  readonly service: ByRegion<{
    readonly requests: number
    readonly failures: readonly string[]
  }>
  /** Quantities in the shopper's cart. */
  readonly cart: ByRegion<{
    readonly shared: number
    readonly returning: number
    readonly repeated: number
  }>
  readonly price: ByRegion<{ readonly value: Money; readonly siblings: readonly Money[] }>
  readonly tags: ByRegion<readonly string[]>
  readonly withdrawn: ByRegion<{
    /** What asking for the product is answered with. */
    readonly status: number
    /** The description in its document. */
    readonly edit: string
    readonly isListed: boolean
  }>
  readonly twin: ByRegion<{ readonly name: string; readonly siblings: readonly string[] }>
}

export const prove = (deeds: Deeds, evidence: Evidence): readonly Proof[] => [
  digestsAreEqual(evidence),
  nothingIsLost(evidence),
  everyoneWasServed(evidence),
  cartAddsUp(deeds, evidence),
  addSurvivesRemove(deeds, evidence),
  intentCountsOnce(deeds, evidence),
  priceIsOneAndOtherKept(deeds, evidence),
  tagsMeet(evidence),
  deletionStandsAndEditIsKept(deeds, evidence),
  twinsMeet(deeds, evidence),
]

const digestsAreEqual = ({ digests }: Evidence): Proof => ({
  name: 'The three shops are equal',
  holds: isSame(digests),
  evidence: `digest ${seen(digests, shortDigest)}`,
})

const nothingIsLost = ({ vectors, receipts }: Evidence): Proof => {
  const lost = receipts.flatMap((receipt) => {
    const [replica = '', counter = ''] = receipt.split(':')
    const lacking = regions.filter(
      (region) => !((vectors[region][replica] ?? 0) >= Number(counter)),
    )
    return lacking.length > 0 ? [`${receipt} is missing on ${list(lacking)}`] : []
  })
  const kept = receipts.length - lost.length
  const found = `${count(kept)} of ${count(receipts.length)} acknowledged changes are on every node`
  return {
    name: 'Nothing that was acknowledged is lost',
    holds: receipts.length > 0 && lost.length === 0,
    evidence: [found, ...lost.slice(0, 1)].join('; '),
  }
}

const everyoneWasServed = ({ service }: Evidence): Proof => {
  const failures = regions.flatMap((region) => service[region].failures)
  const requests = regions.reduce((sum, region) => sum + service[region].requests, 0)
  const found = `${count(requests - failures.length)} of ${count(requests)} requests were answered`
  return {
    name: 'Every region kept serving while the cable was cut',
    holds: failures.length === 0 && regions.every((region) => service[region].requests > 0),
    evidence: [`${found} with success`, ...failures.slice(0, 1)].join('; '),
  }
}

const cartAddsUp = ({ cast }: Deeds, { cart }: Evidence): Proof => {
  const { addedInEu, addedInUs } = quantities
  const found = map(cart, ({ shared }) => shared)
  return {
    name: `The cart adds up: ${addedInEu} from eu and ${addedInUs} from us are ${addedInEu + addedInUs}`,
    holds: isSame(found) && found.eu === addedInEu + addedInUs,
    evidence: `${shortName(cast.shared.name)}: ${seen(found, String)}`,
  }
}

const addSurvivesRemove = ({ cast }: Deeds, { cart }: Evidence): Proof => {
  const found = map(cart, ({ returning }) => returning)
  return {
    name: 'What was put in again is there: eu took out only what it had seen',
    holds: isSame(found) && found.eu === quantities.again,
    evidence: `${shortName(cast.returning.name)}: ${seen(found, String)}`,
  }
}

const intentCountsOnce = ({ cast }: Deeds, { cart }: Evidence): Proof => {
  const found = map(cart, ({ repeated }) => repeated)
  return {
    name: 'An intent that reached two regions counts once',
    holds: isSame(found) && found.eu === quantities.once,
    evidence: `${shortName(cast.repeated.name)}: ${seen(found, String)}`,
  }
}

const priceIsOneAndOtherKept = ({ prices }: Deeds, { price }: Evidence): Proof => {
  const values = map(price, ({ value }) => moneyText(value))
  const siblings = map(price, ({ siblings }) => siblings.map(moneyText).join(' '))
  const written = [prices.eu, prices.us].map(moneyText)
  const isPair =
    written.includes(values.eu) && written.some((one) => one !== values.eu && one === siblings.eu)
  const kept = map(price, ({ siblings }) => siblings.map(money).join(', ') || 'nothing')
  return {
    name: 'One price holds everywhere, and the other is kept beside it',
    holds: isSame(values) && isSame(siblings) && isPair,
    evidence: `price ${seen(
      map(price, ({ value }) => money(value)),
      String,
    )}; kept ${seen(kept, String)}`,
  }
}

const moneyText = ({ amount, currency }: Money): string => `${amount}${currency}`

const tagsMeet = ({ tags: found }: Evidence): Proof => {
  const texts = map(found, (all) => all.toSorted().join(', '))
  const isAsMeant = regions.every(
    (region) =>
      found[region].includes(tags.added) &&
      found[region].includes(tags.contested) &&
      !found[region].includes(tags.dropped),
  )
  return {
    name: `Tags: ${tags.dropped} is off, ${tags.added} is on, and of off and on at once, on stays`,
    holds: isAsMeant && isSame(texts),
    evidence: `tags ${seen(texts, shortTags)}`,
  }
}

// A product may come with dozens of tags of its own.
const shortTags = (text: string): string => shortName(text, 200)

const deletionStandsAndEditIsKept = ({ cast, edit }: Deeds, { withdrawn }: Evidence): Proof => {
  const gone = map(withdrawn, ({ status }) => status)
  const kept = map(withdrawn, (found) => found.edit === edit && found.isListed)
  return {
    name: 'What was deleted is gone everywhere, and the edit it met is kept and listed',
    holds: regions.every((region) => [404, 410].includes(gone[region]) && kept[region]),
    evidence:
      `${shortName(cast.withdrawn.name)} is answered with ${seen(gone, String)}; ` +
      `edit kept: ${seen(kept, (isKept) => (isKept ? 'yes' : 'no'))}`,
  }
}

const twinsMeet = ({ twins }: Deeds, { twin }: Evidence): Proof => {
  const { ids, names } = twins
  const name = map(twin, (found) => found.name)
  const siblings = map(twin, (found) => found.siblings.join(', '))
  const written = [names.eu, names.us]
  const isPair =
    written.includes(name.eu) && written.some((n) => n !== name.eu && n === siblings.eu)
  return {
    name: 'Two products created with one SKU met in one, and neither name is lost',
    holds: ids.eu === ids.us && isSame(name) && isSame(siblings) && isPair,
    evidence: `name ${seen(name, String)}; kept ${seen(siblings, (kept) => kept || 'nothing')}`,
  }
}

/** What was read from each node after an admin settled the price at one of them. */
export interface Settlement {
  readonly kept: Money
  readonly prices: ByRegion<Money>
  readonly conflicts: ByRegion<Conflicts['items']>
  readonly product: string
}

export const proveSettled = ({ kept, prices, conflicts, product }: Settlement): Proof => {
  const open = map(conflicts, (items) =>
    items.some(({ kind, id, field }) => kind === 'product' && id === product && field === 'price'),
  )
  const values = map(prices, money)
  return {
    name: 'One decision at one node settles it on all',
    holds: regions.every(
      (region) => !open[region] && moneyText(prices[region]) === moneyText(kept),
    ),
    evidence:
      `price ${seen(values, String)}; ` +
      `still listed: ${seen(open, (isOpen) => (isOpen ? 'yes' : 'no'))}`,
  }
}

/** What the merged store holds, and what the nodes did just after. */
export interface Merged {
  readonly held: MergedStore
  readonly digests: ByRegion<string>
}

export const proveMerged = ({ held, digests }: Merged): Proof => {
  const { digest, state, backlogChanges, problem } = held
  return {
    name: 'The merged store holds what all three nodes hold',
    holds: digest !== undefined && isSame(digests) && digest === digests.eu,
    evidence:
      digest === undefined
        ? `it is ${state}, ${count(backlogChanges)} changes behind` +
          (problem ? `: ${problem.detail}` : '')
        : `digest ${shortDigest(digest)} in the store; ${seen(digests, shortDigest)}`,
  }
}

/** Whether all of it is proven, in a sentence that names what is not. */
export const conclude = (
  proofs: readonly Proof[],
): { readonly isProven: boolean; readonly text: string } => {
  const failed = proofs.filter(({ holds }) => !holds).map(({ name }) => name)
  const text =
    failed.length === 0
      ? `**All ${proofs.length} proofs hold.**`
      : `**${failed.length} of ${proofs.length} proofs failed:** ${failed.join('; ')}.`
  return { isProven: failed.length === 0, text }
}

const map = <T, U>(found: ByRegion<T>, make: (value: T) => U): ByRegion<U> => ({
  eu: make(found.eu),
  us: make(found.us),
  ap: make(found.ap),
})

/** `5 on eu, us and ap` if they are the same, else `5 on eu, 3 on us, 5 on ap`. */
const seen = <T extends string | number | boolean>(
  found: ByRegion<T>,
  show: (value: T) => string,
): string =>
  isSame(found)
    ? `${show(found.eu)} on ${list(regions)}`
    : regions.map((region) => `${show(found[region])} on ${region}`).join(', ')

const list = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' and ')
