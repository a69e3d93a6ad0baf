/** The rows of `docs/conflict-matrix.md`, by the names that their properties have too. */

import { readFileSync } from 'node:fs'

const page = readFileSync(new URL('../../../docs/conflict-matrix.md', import.meta.url), 'utf8')

/** The names of the rows about `type`: `or-set: add x remove` is about `or-set`. */
export const rowsOf = (type: string): readonly string[] =>
  rows.filter((row) => row.startsWith(`${type}: `))

/** Every type that has rows. */
export const typesOnPage = (): ReadonlySet<string> =>
  new Set(rows.map((row) => row.slice(0, row.indexOf(':'))))

const rows = [...page.matchAll(/^\| `([a-z-]+: [a-z ]+ x [a-z ]+)`/gm)].map(([, row = '']) => row)
