/** Which rate taxes a line. */

import { describe, expect, test } from 'vitest'
import { taxRateRules, taxTable, type TaxRateInput } from '../../../../node/tax/tax-rate.ts'
import { zoneRules } from '../../../../node/shipping/zone.ts'
import { createMarket, type Market } from '../pricing/market.ts'

const rate = (market: Market, id: string, fields: Partial<TaxRateInput>) =>
  market.run(taxRateRules.create, {
    id,
    name: id,
    zone: 'germany',
    category: null,
    ratePpm: 190_000,
    isIncluded: true,
    isOnShipping: false,
    ...fields,
  })

const taxed = () => {
  const market = createMarket()
  const zone = (id: string, areas: readonly string[]) =>
    market.run(zoneRules.create, { id, name: id, areas })
  zone('world', ['*'])
  zone('germany', ['DE'])
  zone('helgoland', ['DE:27498'])
  zone('california', ['US/CA'])
  rate(market, 'vat', { isOnShipping: true })
  rate(market, 'vat-books', { category: 'books', ratePpm: 70_000 })
  rate(market, 'vat-audio', { category: 'books.audio', ratePpm: 190_000 })
  rate(market, 'duty-free', { zone: 'helgoland', ratePpm: 0 })
  rate(market, 'california', { zone: 'california', ratePpm: 72_500, isIncluded: false })
  rate(market, 'export', { zone: 'world', ratePpm: 0 })
  return market
}

const rateOf = (market: Market, at: Parameters<typeof taxTable>[1], ...categories: string[]) =>
  taxTable(market.world(), at).forGoods(categories)?.id

describe('the rate of a line', () => {
  test('is that of the category, the longest first', () => {
    const market = taxed()
    expect(rateOf(market, { country: 'DE' }, 'toys')).toBe('vat')
    expect(rateOf(market, { country: 'DE' }, 'books.novels')).toBe('vat-books')
    expect(rateOf(market, { country: 'DE' }, 'books.audio.tapes')).toBe('vat-audio')
    expect(rateOf(market, { country: 'DE' }, 'bookshelves')).toBe('vat')
  })

  test('is that of the most exact zone, before any category', () => {
    const market = taxed()
    expect(rateOf(market, { country: 'de', postalCode: '27498' }, 'books')).toBe('duty-free')
    expect(rateOf(market, { country: 'US', state: 'ca' })).toBe('california')
    expect(rateOf(market, { country: 'US', state: 'NV' })).toBe('export')
    expect(rateOf(market, { country: 'JP' }, 'books')).toBe('export')
  })

  test('for shipping is one that is on shipping', () => {
    const market = taxed()
    expect(taxTable(market.world(), { country: 'DE' }).forShipping()?.id).toBe('vat')
    expect(taxTable(market.world(), { country: 'US', state: 'CA' }).forShipping()).toBeUndefined()
  })

  test('is none where nobody taxes', () => {
    const market = createMarket()
    expect(rateOf(market, { country: 'DE' }, 'books')).toBeUndefined()
  })

  test('goes with its zone, and with its deletion', () => {
    const market = taxed()
    market.run(zoneRules.remove, { id: 'helgoland' })
    expect(rateOf(market, { country: 'DE', postalCode: '27498' })).toBe('vat')
    market.run(taxRateRules.remove, { id: 'vat' })
    expect(rateOf(market, { country: 'DE' }, 'toys')).toBe('export')
  })

  test('of a zone that is not there is refused', () => {
    const market = createMarket()
    expect(rate(market, 'vat', {})).toEqual({ refused: 'zone_not_found' })
  })
})
