/**
 * Ids that follow from names: two regions that create the same SKU, category or brand while they are
 * cut off from each other create the same document, and so meet in it instead of making two.
 */

import { hash } from 'node:crypto'

export type ProductId = string & { readonly brand: 'ProductId' }
export type VariantId = string & { readonly brand: 'VariantId' }
export type CategoryId = string & { readonly brand: 'CategoryId' }
export type BrandId = string & { readonly brand: 'BrandId' }

/** 20 letters and digits, of a hash of the SKU. */
export const productIdOf = (sku: string): ProductId => shortHash(`product ${sku}`, 20) as ProductId

/** The product's id, a hyphen, and 8 letters and digits of a hash of the variant's SKU. */
export const variantIdOf = (product: ProductId, sku: string): VariantId =>
  `${product}-${shortHash(`variant ${sku}`, 8)}` as VariantId

export const isProductId = (text: string): text is ProductId => /^[0-9a-v]{20}$/.test(text)

export const isVariantId = (text: string): text is VariantId =>
  /^[0-9a-v]{20}-[0-9a-v]{8}$/.test(text)

/** The product that a variant belongs to. */
export const productOf = (variant: VariantId): ProductId => variant.slice(0, 20) as ProductId

/** `phones.prepaid-phones` for the path Phones, Prepaid Phones. */
export const categoryIdOf = (path: readonly string[]): CategoryId =>
  path.map(slug).join('.') as CategoryId

export const brandIdOf = (name: string): BrandId => slug(name) as BrandId

/**
 * Lowercase letters and digits of any script, with the marks that belong to them (a word of Hindi or
 * Thai would fall apart without), joined by single hyphens. The slug of a slug is itself.
 */
export const slug = (name: string): string => {
  // Small letters of compatibility forms may be capitals again in their plain form, and the other way.
  const small = name.normalize('NFKC').toLowerCase().normalize('NFKC').toLowerCase()
  const words = small.normalize('NFKC').match(/[\p{L}\p{N}\p{M}]+/gu)
  // A name of signs alone still needs an id of its own.
  return words?.join('-') ?? shortHash(`name ${name}`, 8)
}

// Five bits a character, as crypto.hash gives no base32: the first characters of 160 bits of SHA-256.
const shortHash = (text: string, length: number): string => {
  const digest = hash('sha256', text, 'buffer')
  let characters = ''
  for (let index = 0; index < length; index++) characters += fiveBits(digest, index * 5)
  return characters
}

const fiveBits = (bytes: Buffer, at: number): string => {
  const pair = bytes.readUInt16BE(at >> 3)
  return ((pair >> (11 - (at & 7))) & 31).toString(32)
}
