/** A category path as one text, `Phones > Prepaid Phones`: what a product's set of categories holds. */

/** Between the names of a path; no name contains it. */
export const separator = ' > '

/** Whether a path of such names can be split where it was joined. */
export const isName = (name: string): boolean => !` ${name} `.includes(separator)

export const join = (names: readonly string[]): string => names.join(separator)

export const split = (path: string): readonly string[] => path.split(separator)

/** The path of each category on the way: Phones; Phones, Prepaid Phones. */
export const prefixes = (names: readonly string[]): readonly (readonly string[])[] =>
  names.map((_, index) => names.slice(0, index + 1))
