import { describe, expect, test } from 'vitest'
import { categoryIdOf, brandIdOf } from '../../../../node/catalog/ids.ts'
import {
  brand,
  category,
  createCategory,
  editBrand,
  editCategory,
  viewBrand,
  viewCategory,
} from '../../../../node/catalog/category.ts'
import { createClock, createRegion, meet, productInput } from './region.ts'

const lamps = categoryIdOf(['Home', 'Lamps'])

test('a category is made with those above it', () => {
  const alice = createRegion()
  expect(alice.run(createCategory, { path: ['Home', 'Lamps'], description: 'Light' })).toEqual({
    id: lamps,
  })
  expect(viewCategory(lamps, alice.core.read(category, lamps))).toEqual({
    id: lamps,
    name: 'Lamps',
    path: ['Home', 'Lamps'],
    parent: 'home',
    description: 'Light',
    imageUrl: null,
  })
  expect(alice.queries.category('home')).toBeDefined()
  expect(alice.run(createCategory, { path: ['Home'] })).toEqual({ refused: 'category_exists' })
})

test('a product brings its categories and its brand along', () => {
  const alice = createRegion()
  alice.create(productInput({ categories: [['Home', 'Lamps']], brand: 'Pharos' }))
  expect(alice.queries.category(lamps)).toBeDefined()
  expect(viewBrand('pharos', alice.core.read(brand, 'pharos')).name).toBe('Pharos')
})

test('two regions that make the same category make one', () => {
  const clock = createClock()
  const [alice, bob] = [createRegion(clock), createRegion(clock)]
  alice.run(createCategory, { path: ['Home', 'Lamps'], description: 'Light' })
  bob.create(productInput({ categories: [['Home', 'Lamps']] }))
  meet(alice, bob)
  expect(alice.digest()).toBe(bob.digest())
  expect(viewCategory(lamps, bob.core.read(category, lamps)).description).toBe('Light')
})

describe('an edit', () => {
  test('changes what is given and leaves the rest', () => {
    const alice = createRegion()
    alice.create(productInput({ categories: [['Home', 'Lamps']], brand: 'Pharos' }))
    alice.run(editCategory, { id: lamps, description: 'Light' })
    alice.run(editCategory, { id: lamps, imageUrl: 'https://shop.example/lamp.jpg' })
    expect(viewCategory(lamps, alice.core.read(category, lamps))).toMatchObject({
      description: 'Light',
      imageUrl: 'https://shop.example/lamp.jpg',
    })
    const pharos = brandIdOf('Pharos')
    alice.run(editBrand, { id: pharos, logoUrl: 'https://shop.example/p.svg' })
    alice.run(editBrand, { id: pharos, logoUrl: null, description: 'Lighthouses' })
    expect(viewBrand(pharos, alice.core.read(brand, pharos))).toEqual({
      id: 'pharos',
      name: 'Pharos',
      description: 'Lighthouses',
      logoUrl: null,
    })
  })

  test('of what is not there is refused', () => {
    const alice = createRegion()
    expect(alice.run(editCategory, { id: lamps })).toEqual({ refused: 'category_not_found' })
    expect(alice.run(editBrand, { id: brandIdOf('Pharos') })).toEqual({
      refused: 'brand_not_found',
    })
  })
})
