/** JSON text that may be broken. */

/** What `text` says; undefined if it is no JSON. */
export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
