/** The seed of a test that takes chances: told before it begins, and taken from outside to run it again. */

import { randomInt } from 'node:crypto'

/** `ATOLL_TEST_SEED` if it is set, else one that nobody chose; printed either way. */
export const seedFor = (test: string): number => {
  const given = process.env['ATOLL_TEST_SEED']
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given)
  process.stdout.write(`${test}: ATOLL_TEST_SEED=${seed}\n`)
  return seed
}
