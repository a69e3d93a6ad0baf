/** What a register of a document may hold: the guards that its bytes must pass when they are read. */

import type { Value } from '../crdt/value.ts'

export const isText = (value: Value): value is string => typeof value === 'string'

export const isTextOrNull = (value: Value): value is string | null =>
  value === null || typeof value === 'string'

export const isBoolean = (value: Value): value is boolean => typeof value === 'boolean'

/** A whole number from 0 on. */
export const isNatural = (value: Value): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

export const isNull = (value: Value): value is null => value === null

/** An object, as its fields. */
export const isFields = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An object that maps names to texts. */
export const isTexts = (value: Value): value is { readonly [key: string]: string } =>
  isFields(value) && Object.values(value).every(isText)

/** An object that maps names to whole numbers from 0 on. */
export const isNaturals = (value: Value): value is { readonly [key: string]: number } =>
  isFields(value) && Object.values(value).every(isNatural)
