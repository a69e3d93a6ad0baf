/** `atoll export FILE --from URL`: the catalog of a node as a file that `atoll import` takes. */

import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { writeRecord } from '../catalog/files/ndjson.ts'
import type { CatalogRecord, RecordCategories, RecordVariant } from '../catalog/files/record.ts'
import type { Money } from '../catalog/money.ts'
import { ok, refused, type Result } from '../result.ts'
import {
  exitCodes,
  isSystemError,
  nodeUrl,
  parseCommand,
  printable,
  type CommandDeps,
  type ProcessDeps,
} from './command.ts'
import { jsonOf } from './json.ts'
import { createNodeClient, type Credentials, type NodeClient } from './node-client.ts'
import type { CallFailure } from './patient-fetch.ts'
import { createProgress, durationText } from './progress.ts'

export const exportUsage = `atoll export FILE --from URL [options]

  FILE             is written as NDJSON, and only when it is whole
  --from URL       the node, such as http://127.0.0.1:4001
  --token TEXT     an access token, if the node wants one
`

export interface ExportOptions {
  readonly file: string
  readonly from: URL
  readonly credentials?: Credentials
}

export type ExportFailure = CallFailure | { readonly kind: 'unwritable'; readonly detail: string }

/** Runs the command and answers its exit code. */
export const exportCommand = async (
  deps: ProcessDeps,
  args: readonly string[],
): Promise<number> => {
  const parsed = parseExport(args)
  if (!parsed.ok) {
    deps.stderr.write(`atoll export: ${parsed.refusal}\n\n${exportUsage}`)
    return exitCodes.failed
  }
  if (parsed.value === 'help') {
    deps.stdout.write(exportUsage)
    return exitCodes.done
  }
  deps.keepHeapSmall()
  const startMs = deps.clock.now()
  const result = await exportCatalog(deps, parsed.value)
  if (!result.ok) {
    deps.stderr.write(`atoll export: ${printable(result.refusal.detail)}\n`)
    return result.refusal.kind === 'interrupted' ? exitCodes.interrupted : exitCodes.failed
  }
  const elapsed = durationText(deps.clock.now() - startMs)
  deps.stdout.write(`${result.value.products.toLocaleString('en-US')} products in ${elapsed}\n`)
  return exitCodes.done
}

const parseExport = (args: readonly string[]): Result<ExportOptions | 'help', string> => {
  const parsed = parseCommand(args, {
    from: { type: 'string' },
    token: { type: 'string' },
    help: { type: 'boolean' },
  })
  if (!parsed.ok) return parsed
  const { values, positionals } = parsed.value
  if (values.help) return ok('help')
  const [file, ...others] = positionals
  if (file === undefined || others.length > 0) return refused('one FILE is needed')
  if (values.from === undefined) return refused('--from URL is needed')
  const from = nodeUrl(values.from)
  if (!from.ok) return from
  const { token } = values
  return ok({ file, from: from.value, ...(token !== undefined && { credentials: { token } }) })
}

/**
 * Writes every product of a node to a file. The file appears under its name when it is whole and
 * durable; until then, and after a failure, what stood there before stands there.
 */
export const exportCatalog = async (
  deps: CommandDeps,
  { file, from, credentials }: ExportOptions,
): Promise<Result<{ readonly products: number }, ExportFailure>> => {
  const progress = createProgress(
    { output: deps.stderr, clock: deps.clock },
    { label: 'exporting', unit: 'products' },
  )
  const client = createNodeClient(deps, {
    node: from,
    onTrouble: (text) => progress.note(printable(text)),
    ...(credentials && { credentials }),
    ...(deps.signal && { signal: deps.signal }),
  })
  const unfinished = `${file}.${Buffer.from(deps.random(4)).toString('hex')}.part`
  let handle: FileHandle | undefined
  try {
    handle = await open(unfinished, 'wx')
    const written = await writePages(client, handle, (count) =>
      progress.update({ count, bytes: 0 }),
    )
    if (!written.ok) return written
    await handle.sync()
    await handle.close()
    handle = undefined
    await rename(unfinished, file)
    return written
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    return refused({ kind: 'unwritable', detail: cause.message })
  } finally {
    progress.close()
    await handle?.close()
    await rm(unfinished, { force: true })
  }
}

const writePages = async (
  client: NodeClient,
  handle: FileHandle,
  onCount: (count: number) => void,
): Promise<Result<{ readonly products: number }, CallFailure>> => {
  let products = 0
  let cursor: string | undefined
  do {
    const page = await readPage(client, cursor)
    if (!page.ok) return page
    const { items, next } = page.value
    if (items.length > 0) {
      const lines = items.map((product) => `${writeRecord(recordOf(product))}\n`)
      await handle.appendFile(lines.join(''))
    }
    products += items.length
    onCount(products)
    if (next !== undefined && next === cursor) {
      return refused({ kind: 'unexpected_answer', detail: 'the node’s list does not advance' })
    }
    cursor = next
  } while (cursor !== undefined)
  return ok({ products })
}

const money = z.object({ amount: z.number().int().min(0), currency: z.string() })

// What of a product goes into a file. Fields that later nodes add are passed over.
const productSchema = z.object({
  sku: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  brand: z.string().nullish(),
  /** Of a node that does not say the paths: one path, as far as anybody can tell. */
  categories: z.array(z.string()).nullish(),
  categoryPaths: z.array(z.array(z.string())).nullish(),
  tags: z.array(z.string()).nullish(),
  images: z.array(z.object({ url: z.string(), alt: z.string().nullish() })).nullish(),
  popularity: z.number().nullish(),
  price: money,
  variants: z.array(
    z.object({
      sku: z.string(),
      options: z.record(z.string(), z.string()),
      price: money.nullish(),
      available: z.number().int().min(0).nullish(),
    }),
  ),
})

type Product = z.infer<typeof productSchema>

const pageSchema = z.object({ items: z.array(productSchema), next: z.string().nullish() })

const readPage = async (
  client: NodeClient,
  cursor: string | undefined,
): Promise<Result<{ readonly items: readonly Product[]; readonly next?: string }, CallFailure>> => {
  const from = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
  const answer = await client.call({ method: 'GET', path: `api/v1/products?limit=100${from}` })
  if (!answer.ok) return answer
  const page = pageSchema.safeParse(jsonOf(answer.value))
  if (!page.success) {
    const at = page.error.issues[0]?.path.join('.') ?? ''
    return refused({
      kind: 'unexpected_answer',
      detail: `the node’s list is not as expected at ${at}`,
    })
  }
  const { items, next } = page.data
  return ok({ items, ...(next != null && { next }) })
}

/**
 * A product as its record. What the record says by leaving it out is left out: the one variant of a
 * product that comes in one form only, and a variant's price that is the product's.
 */
export const recordOf = (product: Product): CatalogRecord => {
  const { sku, name, price, brand, popularity, variants } = product
  const [only, ...others] = variants
  const isPlain =
    only !== undefined &&
    others.length === 0 &&
    only.sku === sku &&
    Object.keys(only.options).length === 0 &&
    isSame(only.price ?? price, price)
  return {
    sku,
    name,
    description: product.description ?? '',
    ...(brand != null && { brand }),
    categories: categoriesOf(product.categoryPaths ?? [product.categories ?? []]),
    tags: product.tags ?? [],
    price,
    images: (product.images ?? []).map(({ url, alt }) => ({ url, ...(alt != null && { alt }) })),
    ...(popularity != null && { popularity }),
    ...(isPlain && only.available != null && { quantity: only.available }),
    variants: isPlain ? [] : variants.map((variant) => variantOf(variant, price)),
  }
}

// The plain form where it says everything, because most products stand in one place.
const categoriesOf = (paths: readonly (readonly string[])[]): RecordCategories => {
  const [first = [], ...others] = paths
  return others.length === 0 ? first : paths
}

const variantOf = (
  { sku, options, price, available }: Product['variants'][number],
  productPrice: Money,
): RecordVariant => ({
  sku,
  options,
  ...(price != null && !isSame(price, productPrice) && { price }),
  ...(available != null && { quantity: available }),
})

const isSame = (a: Money, b: Money): boolean => a.amount === b.amount && a.currency === b.currency
