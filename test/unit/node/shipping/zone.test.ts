/** Where an address lies. */

import { describe, expect, test } from 'vitest'
import {
  areaPattern,
  exactness,
  normalArea,
  viewZone,
  zone,
  zoneRules,
} from '../../../../node/shipping/zone.ts'
import { createMarket } from '../pricing/market.ts'

describe('an area', () => {
  test.each([
    ['*', { country: 'DE' }, 0],
    ['DE', { country: 'de' }, 1],
    ['DE', { country: 'AT' }, undefined],
    ['US/CA', { country: 'US', state: 'ca' }, 2],
    ['US/CA', { country: 'US', state: null }, undefined],
    ['US/NEWYORK', { country: 'US', state: 'New York' }, 2],
    ['BR/SÃOPAULO', { country: 'BR', state: 'São Paulo' }, 2],
    ['GB:SW1', { country: 'GB', postalCode: 'sw1a 1aa' }, 5],
    ['GB:SW1A1', { country: 'GB', postalCode: 'SW1A 1AA' }, 7],
    ['GB:SW1', { country: 'GB', postalCode: null }, undefined],
    ['US/CA:90', { country: 'US', state: 'CA', postalCode: '90210' }, 5],
    ['US/CA:90', { country: 'US', state: 'NV', postalCode: '90210' }, undefined],
  ])('%s holds %j with exactness %s', (area, destination, exact) => {
    expect(exactness(area, destination)).toBe(exact)
  })

  test('is written in one way', () => {
    expect(['us/new york', 'gb:sw1a 1', '*', ' de '].map(normalArea)).toEqual([
      'US/NEWYORK',
      'GB:SW1A1',
      '*',
      'DE',
    ])
    for (const wrong of ['', 'DEU', 'D', 'US/', 'US:', 'US/CA/X', '*:80', 'de']) {
      expect(areaPattern.test(wrong)).toBe(false)
    }
  })
})

test('two regions that give a zone different countries give it both', () => {
  const alice = createMarket()
  const bob = createMarket()
  alice.run(zoneRules.create, { id: 'near', name: 'Near', areas: ['DE', 'AT'] })
  bob.join(alice.done.flat())
  alice.run(zoneRules.edit, { id: 'near', areas: ['DE', 'AT', 'CH'] })
  bob.run(zoneRules.edit, { id: 'near', areas: ['DE', 'DK'] })
  bob.join(alice.done.flat())
  const areas = viewZone('near', bob.world().read(zone, 'near')).areas
  expect(areas).toEqual(['CH', 'DE', 'DK'])
})

test('an edit that did not know of a deletion does not undo it', () => {
  const alice = createMarket()
  const bob = createMarket()
  alice.run(zoneRules.create, { id: 'near', name: 'Near', areas: ['DE'] })
  bob.join(alice.done.flat())
  alice.run(zoneRules.remove, { id: 'near' })
  bob.run(zoneRules.edit, { id: 'near', areas: ['DE', 'AT'] })
  bob.join(alice.done.flat())
  expect(bob.run(zoneRules.edit, { id: 'near', name: 'Nearer' })).toEqual({
    refused: 'zone_not_found',
  })
  expect(bob.run(zoneRules.create, { id: 'near', name: 'Near', areas: ['CH'] })).toEqual({
    id: 'near',
  })
})
