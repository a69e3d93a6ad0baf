/** Catalog files to import: real ones where there are, otherwise made for the purpose. */

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './child.ts'
import { productOf } from './products.ts'

export const demoCatalog = join(root, 'demo', 'catalog.ndjson')

/** Writes `count` generated products to `file`. */
export const writeProducts = (file: string, count: number): void => {
  const descriptor = openSync(file, 'w')
  try {
    for (let first = 0; first < count; first += 1_000) {
      const length = Math.min(1_000, count - first)
      const lines = Array.from({ length }, (_, at) => JSON.stringify(productOf(first + at)))
      writeSync(descriptor, `${lines.join('\n')}\n`)
    }
  } finally {
    closeSync(descriptor)
  }
}

/** Writes the demo catalog to `file` again and again under new SKUs, until there are `count` products. */
export const writeDemoRepeated = (file: string, count: number): void => {
  const products = linesOf(demoCatalog).map((line) => JSON.parse(line) as DemoProduct)
  const lines = Array.from({ length: count }, (_, at) => {
    const product = products[at % products.length]!
    const round = Math.floor(at / products.length)
    const renamed = (sku: string) => (round === 0 ? sku : `${sku}-${round}`)
    const variants = product.variants?.map((variant) => ({ ...variant, sku: renamed(variant.sku) }))
    return JSON.stringify({ ...product, sku: renamed(product.sku), ...(variants && { variants }) })
  })
  const descriptor = openSync(file, 'w')
  try {
    writeSync(descriptor, `${lines.join('\n')}\n`)
  } finally {
    closeSync(descriptor)
  }
}

interface DemoProduct {
  readonly sku: string
  readonly variants?: readonly { readonly sku: string }[]
}

export const linesOf = (file: string): readonly string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
