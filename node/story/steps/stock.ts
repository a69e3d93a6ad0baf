/** The second act: a catalog goes into one node, and the others hear of it. */

import { basename } from 'node:path'
import { formatOf } from '../../catalog/files/format.ts'
import { isSystemError, printable } from '../../cli/command.ts'
import { identify } from '../../cli/checkpoint.ts'
import { importCatalog } from '../../cli/import.ts'
import { countOf } from '../../cli/import-stream.ts'
import { ok, refused, type Result } from '../../result.ts'
import { awaitAgreement, standingRows } from '../agreement.ts'
import { ProductPage, type Product } from '../answers.ts'
import { castOf, type Cast } from '../cast.ts'
import type { Client } from '../client.ts'
import type { Admin } from '../cluster.ts'
import { count, duration } from '../figures.ts'
import { importedMsMax, productsLooked } from '../limits.ts'
import type { Stage } from '../stage.ts'

/** Looks at the file before anything is started for it. */
export const checkCatalog = async (file: string): Promise<Result<undefined, string>> => {
  try {
    const { head } = await identify(file, { node: new URL('http://localhost') })
    const format = formatOf(basename(file), head)
    return format.ok ? ok(undefined) : refused(format.refusal)
  } catch (error) {
    if (!isSystemError(error)) throw error
    return refused(error.message)
  }
}

export interface StockOptions {
  readonly catalog: string
  readonly admin: Admin
  /** Where the import may keep its place. */
  readonly scratch: string
}

/** Refused if the catalog has too few products for the story. */
export const stockShelves = async (
  stage: Stage,
  { catalog, admin, scratch }: StockOptions,
): Promise<Result<Cast, string>> => {
  const { narrator, deps, admins, guests } = stage
  narrator.chapter('1  A catalog goes into eu, and only there')
  const startMs = deps.clock.monotonic()
  const imported = await importCatalog(
    { ...deps, stderr: deps.stdout },
    { file: catalog, to: new URL(admins.eu.url), credentials: admin, state: scratch },
  )
  deps.signal.throwIfAborted()
  if (!imported.ok) throw new Error(`${catalog} cannot be imported: ${imported.refusal.detail}`)
  const tally = imported.value
  const importMs = deps.clock.monotonic() - startMs
  const { isReached, ms, standings } = await awaitAgreement(stage, importedMsMax)
  if (!isReached) throw new Error(`the catalog did not reach all nodes in ${duration(ms)}`)
  for (const { line, reason } of tally.rejections.slice(0, rejectionsShown)) {
    await narrator.say(`line ${line} was rejected: ${printable(reason)}`)
  }
  const rejected = tally.rejected > 0 ? `, and ${count(tally.rejected)} were rejected` : ''
  await narrator.say(
    `**${count(countOf(tally) - tally.rejected)} products** of ${basename(catalog)} were on eu’s disk ` +
      `after ${duration(importMs)}${rejected}. **${duration(ms)} later** us and ap had them all.`,
  )
  await narrator.say(
    'Each node boils all that it knows down to one code, its digest. Equal digests mean equal shops, ' +
      'to the last letter:',
  )
  narrator.table(standingRows(standings), { hasHeading: true })
  narrator.look(`${guests.ap.url}/api/v1/products?limit=3`)
  return castOf(await readProducts(guests.eu))
}

const readProducts = async (client: Client): Promise<readonly Product[]> => {
  const products: Product[] = []
  let from = ''
  do {
    const page = await client.read(`products?limit=100${from}`, ProductPage)
    products.push(...page.items)
    from = page.next === undefined ? '' : `&cursor=${encodeURIComponent(page.next)}`
  } while (from !== '' && products.length < productsLooked)
  return products
}

const rejectionsShown = 3
