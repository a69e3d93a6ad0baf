/** What the story reads of a node's answers; whatever else they hold is passed over. */

import { z } from 'zod'

export const Money = z.object({ amount: z.number(), currency: z.string() })
export type Money = z.infer<typeof Money>

export const Product = z.object({
  id: z.string(),
  sku: z.string(),
  name: z.string(),
  categories: z.array(z.string()),
  tags: z.array(z.string()),
  price: Money,
  variants: z.array(z.object({ id: z.string() })),
})
export type Product = z.infer<typeof Product>

export const ProductPage = z.object({ items: z.array(Product), next: z.string().optional() })

export const Cart = z.object({
  lines: z.array(z.object({ variantId: z.string(), quantity: z.number() })),
})
export type Cart = z.infer<typeof Cart>

export const NewCart = z.object({ id: z.string(), token: z.string() })
export type NewCart = z.infer<typeof NewCart>

export const Replication = z.object({
  vector: z.record(z.string(), z.number()),
  digest: z.string(),
  changes: z.number(),
  peers: z.array(z.object({ name: z.string(), state: z.string() })),
})
export type Replication = z.infer<typeof Replication>

export const MergedStore = z.object({
  state: z.string(),
  backlogChanges: z.number(),
  digest: z.string().optional(),
  documents: z.number().optional(),
  problem: z.object({ code: z.string(), detail: z.string() }).optional(),
})
export type MergedStore = z.infer<typeof MergedStore>

const Written = z.object({
  value: z.unknown(),
  dot: z.string(),
  writtenBy: z.object({ node: z.string().nullable() }).nullable(),
})

export const Explained = z.object({
  fields: z.record(
    z.string(),
    z.object({ value: z.unknown(), siblings: z.array(Written).optional() }),
  ),
})
export type Explained = z.infer<typeof Explained>

export const Conflicts = z.object({
  items: z.array(
    z.object({ kind: z.string(), id: z.string(), field: z.string(), siblings: z.array(Written) }),
  ),
})
export type Conflicts = z.infer<typeof Conflicts>

export const Tokens = z.object({ accessToken: z.string() })

export const Receipted = z.object({ receipt: z.object({ change: z.string() }) })

export const Problem = z.object({ code: z.string(), detail: z.string() }).partial()
