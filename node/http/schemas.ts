/** The words that every part of the API shares, as schemas with their OpenAPI documentation. */

import { z } from '@hono/zod-openapi'
import { errorCodes, type ErrorCode } from '../errors.ts'
import { cursorLengthMax } from './limits.ts'
import { problemMediaType } from './problem.ts'

/** Ten thousand million of the main unit: more than any shop sells, and exact in every sum of ours. */
export const amountMax = 1_000_000_000_000

// A lone surrogate cannot be written as UTF-8, and control characters have no place in a shop's text.
const isCleanText = (value: string): boolean =>
  value.isWellFormed() && !/[\p{Cc}--[\n\t]]/v.test(value)
const isCleanLine = (value: string): boolean =>
  value.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/v.test(value)

/** Text of at most `max` UTF-16 units; it may have several lines, and may be empty. */
export const text = (max: number) =>
  z
    .string()
    .max(max, { abort: true })
    .refine(isCleanText, 'Must be Unicode text without control characters')

/** One line that says something: 1 to `max` UTF-16 units, of which one is no space. */
export const line = (max: number) =>
  z
    .string()
    .min(1, { abort: true })
    .max(max, { abort: true })
    .refine(isCleanLine, 'Must be one line of Unicode text without control characters')
    .refine((value) => value.trim() !== '', 'Must not be blank')

export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'Must be an ISO 4217 code: three capital letters')
  .openapi({ example: 'USD', description: 'ISO 4217 code.' })

export const Money = z
  .strictObject({
    amount: z.int().min(0).max(amountMax).openapi({
      example: 249999,
      description: 'Minor units: 249999 is 2,499.99 where the currency has two decimals.',
    }),
    currency: Currency,
  })
  .openapi('Money')

export const Receipt = z
  .strictObject({
    change: z.string().openapi({
      example: '9f86d081884c7d65:42',
      description: 'The change that did it, `<replica>:<counter>`.',
    }),
    hlc: z.string().openapi({ description: 'When, by the hybrid logical clock.' }),
    durability: z.enum(['local', 'replicated', 'merged']).openapi({
      description:
        'How safe it is by now: on this disk, on that of a peer too, in the merged store.',
    }),
  })
  .openapi('Receipt')

export const Problem = z
  .object({
    type: z.string().openapi({ example: '/problems/product_not_found' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().openapi({ example: 'product_not_found' }),
    instance: z.string().openapi({ description: 'The path that was asked for.' }),
    requestId: z.string().openapi({ description: 'The name of the request in the log.' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem')

/** One page of a list. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().optional().openapi({
      description: 'The `cursor` of the next page; absent on the last one.',
    }),
  })

const limitDefault = 20
const limitMax = 100

/** A list's query; extend it with the list's own filters. */
export const PageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^[1-9][0-9]{0,2}$/, `Must be a whole number from 1 to ${limitMax}`)
    .transform(Number)
    .pipe(z.int().max(limitMax))
    .default(limitDefault)
    .openapi({ type: 'integer', minimum: 1, maximum: limitMax, default: limitDefault }),
  cursor: z
    .string()
    .max(cursorLengthMax)
    .optional()
    .openapi({ description: '`next` of the page before.' }),
})

/** The headers of a mutation. */
export const IdempotencyKeyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'Must be 1 to 255 visible ASCII characters')
    .optional()
    .openapi({ description: 'The same key sent again gets the same answer, and counts once.' }),
})

/** A JSON body or answer of this schema, in the words of OpenAPI. */
export const jsonContent = <S>(schema: S) => ({ 'application/json': { schema } })

/** What any mutation by a principal may be answered with. */
export const mutationProblems = [
  'invalid_request',
  'unauthorized',
  'forbidden',
  'idempotency_key_reused',
] as const satisfies readonly ErrorCode[]

type StatusOf<Code extends ErrorCode> = (typeof errorCodes)[Code]['status']

/**
 * The OpenAPI responses for these codes. The type leaves their content out, so that a handler may
 * answer with the plain `Response` that `problem` makes.
 */
export const problemResponses = <Code extends ErrorCode>(
  ...codes: readonly Code[]
): Readonly<Record<StatusOf<Code>, { readonly description: string }>> => {
  const content = { [problemMediaType]: { schema: Problem } }
  const codesByStatus = Map.groupBy(codes, (code) => errorCodes[code].status)
  const responses = [...codesByStatus].map(([status, codes]) => [
    status,
    {
      description: codes.map((code) => `\`${code}\`: ${errorCodes[code].title}`).join('; '),
      content,
    },
  ])
  return Object.fromEntries(responses)
}
