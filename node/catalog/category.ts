/** Categories and brands: documents that products name, made with the first product that names them. */

import { edit, schema, type Document } from '../../crdt/document.ts'
import * as eventLog from '../../crdt/event-log.ts'
import * as lwwRegister from '../../crdt/lww-register.ts'
import type { Value } from '../../crdt/value.ts'
import { draftDelta, type Decide, type DraftDelta, type World } from '../core/capability.ts'
import { isNull, isText, isTextOrNull } from '../guards.ts'
import { ok, refused } from '../result.ts'
import * as categoryPath from './category-path.ts'
import { given, overwrite } from './edits.ts'
import { brandIdOf, categoryIdOf, type BrandId, type CategoryId } from './ids.ts'

const isPath = (value: Value): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every(isText)

export const category = schema('category', 1, {
  /** Names from the most general one down to its own. */
  path: [1, lwwRegister.shape(isPath)],
  description: [2, lwwRegister.shape(isText)],
  imageUrl: [3, lwwRegister.shape(isTextOrNull)],
  created: [4, eventLog.shape(isNull)],
})

export const brand = schema('brand', 1, {
  name: [1, lwwRegister.shape(isText)],
  description: [2, lwwRegister.shape(isText)],
  logoUrl: [3, lwwRegister.shape(isTextOrNull)],
  created: [4, eventLog.shape(isNull)],
})

export type Category = Document<typeof category.fields>
export type Brand = Document<typeof brand.fields>

export interface CategoryView {
  readonly id: string
  readonly name: string
  readonly path: readonly string[]
  readonly parent: string | null
  readonly description: string
  readonly imageUrl: string | null
}

export const viewCategory = (id: string, { store }: Category): CategoryView => {
  const path = lwwRegister.read<readonly string[]>({ store: store.path }) ?? []
  return {
    id,
    name: path.at(-1) ?? id,
    path,
    parent: path.length > 1 ? categoryIdOf(path.slice(0, -1)) : null,
    description: lwwRegister.read({ store: store.description }) ?? '',
    imageUrl: lwwRegister.read({ store: store.imageUrl }) ?? null,
  }
}

export interface BrandView {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly logoUrl: string | null
}

export const viewBrand = (id: string, { store }: Brand): BrandView => ({
  id,
  name: lwwRegister.read({ store: store.name }) ?? id,
  description: lwwRegister.read({ store: store.description }) ?? '',
  logoUrl: lwwRegister.read({ store: store.logoUrl }) ?? null,
})

/** The deltas that make every category on these paths that is not there yet. */
export const missingCategories = (
  world: World,
  paths: readonly (readonly string[])[],
): readonly DraftDelta[] => {
  const made = new Map<CategoryId, DraftDelta>()
  for (const path of paths.flatMap(categoryPath.prefixes)) {
    const id = categoryIdOf(path)
    if (!made.has(id) && !world.exists(category, id)) made.set(id, makeCategory(world, path, {}))
  }
  return [...made.values()]
}

export const missingBrand = (world: World, name: string | null): readonly DraftDelta[] =>
  name === null || world.exists(brand, brandIdOf(name))
    ? []
    : [
        draftDelta(
          brand,
          brandIdOf(name),
          edit(brand, brand.bottom, {
            name: (register) => lwwRegister.write(register, world.time, name),
            created: (log) => eventLog.append(log, world.time, null),
          }),
        ),
      ]

export interface CategoryInput {
  readonly path: readonly string[]
  readonly description?: string
  readonly imageUrl?: string | null
}

const makeCategory = (
  world: World,
  path: readonly string[],
  { description, imageUrl }: Pick<CategoryInput, 'description' | 'imageUrl'>,
): DraftDelta => {
  const id = categoryIdOf(path)
  const delta = edit(category, world.read(category, id), {
    path: (register) => lwwRegister.write(register, world.time, path),
    description: given(description, (text) => overwrite(world, text)),
    imageUrl: given(imageUrl, (text) => overwrite<string | null>(world, text)),
    created: (log) => eventLog.append(log, world.time, null),
  })
  return draftDelta(category, id, delta)
}

export const createCategory: Decide<CategoryInput, { id: string }> = (world, input) => {
  const id = categoryIdOf(input.path)
  if (world.exists(category, id)) {
    return refused({ code: 'category_exists', detail: `There is a category ${id} already` })
  }
  const parents = missingCategories(world, [input.path.slice(0, -1)])
  return ok({
    type: 'category.created',
    deltas: [...parents, makeCategory(world, input.path, input)],
    answer: { id },
  })
}

export interface CategoryEdit {
  readonly id: CategoryId
  readonly description?: string | undefined
  readonly imageUrl?: string | null | undefined
}

export const editCategory: Decide<CategoryEdit, { id: string }> = (
  world,
  { id, description, imageUrl },
) => {
  if (!world.exists(category, id)) {
    return refused({ code: 'category_not_found', detail: `There is no category ${id}` })
  }
  const delta = edit(category, world.read(category, id), {
    description: given(description, (text) => overwrite(world, text)),
    imageUrl: given(imageUrl, (text) => overwrite<string | null>(world, text)),
  })
  return ok({
    type: 'category.updated',
    deltas: [draftDelta(category, id, delta)],
    answer: { id },
  })
}

export interface BrandEdit {
  readonly id: BrandId
  readonly description?: string | undefined
  readonly logoUrl?: string | null | undefined
}

export const editBrand: Decide<BrandEdit, { id: string }> = (
  world,
  { id, description, logoUrl },
) => {
  if (!world.exists(brand, id)) {
    return refused({ code: 'brand_not_found', detail: `There is no brand ${id}` })
  }
  const delta = edit(brand, world.read(brand, id), {
    description: given(description, (text) => overwrite(world, text)),
    logoUrl: given(logoUrl, (text) => overwrite<string | null>(world, text)),
  })
  return ok({ type: 'brand.updated', deltas: [draftDelta(brand, id, delta)], answer: { id } })
}
