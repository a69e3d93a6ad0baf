/** The rules for every text of a catalog line, key or value, wherever it stands. */

import { ok, refused, type Result } from '../../result.ts'

/** The value with its texts repaired, or which part of it no catalog can hold. */
export const fitTexts = (value: unknown): Result<unknown, string> => {
  const walk: Walk = { path: [], needsRepair: false }
  const unfit = unfitPart(value, walk)
  if (unfit === undefined) return ok(walk.needsRepair ? repaired(value) : value)
  return refused(walk.path.length === 0 ? unfit : `${pathText(walk.path)}: ${unfit}`)
}

/** One pass over a line. Every line of every file takes it, so it makes nothing that it may not need. */
interface Walk {
  /** Where the walk stands; where it stopped, if it found something unfit. */
  readonly path: (string | number)[]
  needsRepair: boolean
}

/** Deeper than any record; checked before anything recursive sees a hostile line. */
const depthMax = 8

// A key "__proto__" is refused here, because schemas of free keys pass it over in silence.
const unfitPart = (value: unknown, walk: Walk): string | undefined => {
  if (typeof value === 'string') return unfitText(value, walk)
  if (typeof value !== 'object' || value === null) return undefined
  if (walk.path.length >= depthMax) return 'is nested too deeply'
  const isList = Array.isArray(value)
  for (const [key, part] of Object.entries(value)) {
    if (key === '__proto__') return 'has the field __proto__'
    const unfitKey = isList ? undefined : unfitText(key, walk)
    if (unfitKey !== undefined) return `a field’s name ${unfitKey}`
    walk.path.push(isList ? Number(key) : key)
    const unfit = unfitPart(part, walk)
    if (unfit !== undefined) return unfit
    walk.path.pop()
  }
  return undefined
}

const unfitText = (text: string, walk: Walk): string | undefined => {
  if (windows1252Control.test(text)) walk.needsRepair = true
  if (!text.isWellFormed()) return 'has half a surrogate pair'
  const control = controlCharacter.exec(text)
  if (!control) return undefined
  const code = control[0].charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()
  return `has the control character U+${code}`
}

// C0 without tab and line feed, DEL, and those of C1 that cannot be repaired.
// oxlint-disable-next-line no-control-regex -- finding them is the purpose
const controlCharacter = /[\u0000-\u0008\u000b-\u001f\u007f\u0081\u008d\u008f\u0090\u009d]/

/**
 * Text that was Windows-1252 and was taken for Latin-1 on its way has control characters (C1) where
 * the shop had a trade mark sign or a dash. They mean nothing else, so they are read as what they
 * were, as browsers do.
 */
const repaired = (value: unknown): unknown => {
  if (typeof value === 'string') return repairedText(value)
  if (Array.isArray(value)) return value.map(repaired)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [repairedText(key), repaired(part)]),
  )
}

const repairedText = (text: string): string =>
  text.replaceAll(windows1252Controls, (control) =>
    windows1252.charAt(control.charCodeAt(0) - 0x80),
  )

const windows1252Control = /[\u0080-\u009f]/
const windows1252Controls = /[\u0080-\u009f]/g

/** What the bytes 0x80 to 0x9f mean there; five of them mean nothing. */
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** Where in a line: `variants[2].price`. */
export const pathText = (path: readonly PropertyKey[]): string => {
  const text = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
  // A hostile key can be as long as the line.
  return text.length <= pathCharsMax ? text : `${text.slice(0, pathCharsMax)}…`
}

const pathCharsMax = 80
