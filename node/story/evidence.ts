/** Gathers the evidence: reads from every node, one by one, what the proofs are about. */

import { z } from 'zod'
import { Cart, Conflicts, Explained, Money, Product, type Replication } from './answers.ts'
import type { Deeds } from './deeds.ts'
import type { Evidence } from './proofs.ts'
import { forRegions, inRegions, type ByRegion, type Region } from './regions.ts'
import type { Stage } from './stage.ts'
import type { Service } from './visitors.ts'

export interface Found {
  readonly standings: ByRegion<Replication>
  readonly service: ByRegion<Service>
}

export const gatherEvidence = async (
  stage: Stage,
  deeds: Deeds,
  { standings, service }: Found,
): Promise<Evidence> => ({
  digests: forRegions((region) => standings[region].digest),
  vectors: forRegions((region) => standings[region].vector),
  receipts: stage.receipts,
  service,
  cart: await inRegions((region) => readCart(stage, deeds, region)),
  price: await inRegions((region) => readPrice(stage, deeds, region)),
  tags: await inRegions(async (region) => {
    const found = await stage.guests[region].read(`products/${deeds.cast.tagged.id}`, Product)
    return found.tags
  }),
  withdrawn: await inRegions((region) => readWithdrawn(stage, deeds, region)),
  twin: await inRegions((region) => readTwin(stage, deeds, region)),
})

const readCart = async ({ guests }: Stage, { cart, cast }: Deeds, region: Region) => {
  const token = { 'x-cart-token': cart.token }
  const { lines } = await guests[region].read(`carts/${cart.id}`, Cart, token)
  const quantityOf = (product: Product) =>
    lines.find(({ variantId }) => variantId === product.variants[0]?.id)?.quantity ?? 0
  return {
    shared: quantityOf(cast.shared),
    returning: quantityOf(cast.returning),
    repeated: quantityOf(cast.repeated),
  }
}

const readPrice = async (stage: Stage, { cast }: Deeds, region: Region) => {
  const [shown, { siblings }] = await Promise.all([
    stage.guests[region].read(`products/${cast.priced.id}`, Product),
    readField(stage, { region, id: cast.priced.id, field: 'price', as: Money }),
  ])
  return { value: shown.price, siblings }
}

const readWithdrawn = async (stage: Stage, { cast }: Deeds, region: Region) => {
  const { id } = cast.withdrawn
  const [{ status }, { value }, { items }] = await Promise.all([
    stage.guests[region].ask({ method: 'GET', path: `products/${id}` }),
    readField(stage, { region, id, field: 'description', as: z.string() }),
    readConflicts(stage, region),
  ])
  return { status, edit: value, isListed: items.some((one) => one.id === id) }
}

const readTwin = async (stage: Stage, { twins }: Deeds, region: Region) => {
  const { value, siblings } = await readField(stage, {
    region,
    id: twins.ids.eu,
    field: 'name',
    as: z.string(),
  })
  return { name: value, siblings }
}

export const readConflicts = ({ admins }: Stage, region: Region): Promise<Conflicts> =>
  admins[region].read('admin/conflicts?kind=product&limit=100', Conflicts)

/** A field of a product's document: what holds, and what is kept beside it. */
const readField = async <S extends z.ZodType>(
  { admins }: Stage,
  of: { readonly region: Region; readonly id: string; readonly field: string; readonly as: S },
): Promise<{ readonly value: z.infer<S>; readonly siblings: readonly z.infer<S>[] }> => {
  const { fields } = await admins[of.region].read(`admin/documents/product/${of.id}`, Explained)
  const field = fields[of.field]
  return {
    value: of.as.parse(field?.value),
    siblings: (field?.siblings ?? []).map((sibling) => of.as.parse(sibling.value)),
  }
}
