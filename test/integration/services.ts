/** What a test needs of its machine: without it the test is skipped, unless the build says it must be there. */

/**
 * Whether a test must be skipped, because `why` says what is missing. Throws instead if
 * `ATOLL_TEST_SERVICES` is `required`: a build that skips what it should prove proves nothing.
 */
export const isMissing = (test: string, why: string | undefined): boolean => {
  if (why === undefined) return false
  if (process.env['ATOLL_TEST_SERVICES'] === 'required') throw new Error(`${test}: ${why}`)
  process.stderr.write(`skipped: ${test}: ${why}\n`)
  return true
}
