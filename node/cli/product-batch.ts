/** Entries of a catalog file, cut into the batches that `POST /products:batch` takes. */

import { readCatalog, type CatalogFormat } from '../catalog/files/format.ts'
import type { CatalogRecord } from '../catalog/files/record.ts'

export interface ImportSource {
  readonly chunks: AsyncIterable<Uint8Array>
  readonly format: CatalogFormat
  /** Of a format that does not say it. */
  readonly currency?: string
}

export interface Rejection {
  /** In the file. */
  readonly line: number
  readonly reason: string
  readonly sku?: string | undefined
  /** The node's, if it was the node that rejected. */
  readonly code?: string | undefined
}

export interface Batch {
  /** One a line of the request, in order. */
  readonly products: readonly { readonly line: number; readonly sku: string }[]
  /** The request's lines. */
  readonly body: string
  /** Lines of the file that hold no product. */
  readonly rejections: readonly Rejection[]
  readonly lastLine: number
  readonly bytesRead: number
}

/** One commit of the node for many products, and still a short step of the progress. */
const batchEntriesMax = 500
/** Two of these, and what is being read, is all that an import holds. */
const batchBytesMax = 4 * 1024 * 1024

/** All entries of a file after `afterLine`, in order, in batches. */
export async function* batches(
  { chunks, ...format }: ImportSource,
  afterLine: number,
): AsyncGenerator<Batch, void, undefined> {
  let bytesRead = 0
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of chunks) {
      bytesRead += chunk.length
      yield chunk
    }
  }
  let making = startOfBatch()
  for await (const entry of readCatalog(counted(), { ...format, afterLine })) {
    const body = 'record' in entry ? `${JSON.stringify(productBody(entry.record))}\n` : ''
    const bodyBytes = Buffer.byteLength(body)
    if (making.bodies.length > 0 && making.bytes + bodyBytes > batchBytesMax) {
      yield finished(making, bytesRead)
      making = startOfBatch()
    }
    // The record itself is let go at once: what waits for the node is text.
    if ('record' in entry) making.products.push({ line: entry.line, sku: entry.record.sku })
    else making.rejections.push({ line: entry.line, reason: entry.reason })
    making.bodies.push(body)
    making.bytes += bodyBytes
    making.lastLine = entry.line
    if (making.bodies.length >= batchEntriesMax) {
      yield finished(making, bytesRead)
      making = startOfBatch()
    }
  }
  if (making.bodies.length > 0) yield finished(making, bytesRead)
}

const startOfBatch = () => ({
  products: [] as { readonly line: number; readonly sku: string }[],
  rejections: [] as Rejection[],
  bodies: [] as string[],
  bytes: 0,
  lastLine: 0,
})

const finished = (
  { products, rejections, bodies, lastLine }: ReturnType<typeof startOfBatch>,
  bytesRead: number,
): Batch => ({ products, rejections, body: bodies.join(''), lastLine, bytesRead })

/** A record as the body of `POST /products`. */
export const productBody = ({ quantity, variants, ...record }: CatalogRecord) => ({
  ...record,
  ...(quantity !== undefined && { initialQuantity: quantity }),
  ...(variants.length > 0 && {
    variants: variants.map(({ quantity: units, ...variant }) => ({
      ...variant,
      ...(units !== undefined && { initialQuantity: units }),
    })),
  }),
})
