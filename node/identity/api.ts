/** Identity's words in the API: what is taken in, checked once here, and what is shown. */

import { z } from '@hono/zod-openapi'
import { line, page, PageQuery, Receipt } from '../http/schemas.ts'
import * as limits from './limits.ts'

const Email = line(limits.emailLengthMax)
  .refine((value) => /^[^\s@]+@[^\s@]+$/.test(value.trim()), 'Must be an e-mail address')
  .openapi({ format: 'email', example: 'admin@shop.example' })

// Any text is a password, so long as it can be written as UTF-8.
const Password = z
  .string()
  .min(1, { abort: true })
  .max(limits.passwordLengthMax, { abort: true })
  .refine((value) => value.isWellFormed(), 'Must be Unicode text')
  .openapi({ format: 'password' })

export const LoginBody = z.strictObject({ email: Email, password: Password }).openapi('Login')

export const RefreshBody = z
  .strictObject({ refreshToken: z.string().min(1).max(limits.accessTokenLengthMax) })
  .openapi('Refresh')

export const Tokens = z
  .strictObject({
    accessToken: z.string().openapi({
      description: 'Goes with each request as `Authorization: Bearer`.',
    }),
    refreshToken: z.string().openapi({
      description: 'Renews the session once; its successor comes with the answer.',
    }),
    expiresIn: z.int().openapi({
      example: limits.accessTokenSeconds,
      description: 'Seconds until the access token expires.',
    }),
    tokenType: z.literal('Bearer'),
    receipt: Receipt,
  })
  .openapi('Tokens')

const profileFields = {
  firstName: line(limits.nameLengthMax).nullable(),
  lastName: line(limits.nameLengthMax).nullable(),
  phone: line(limits.phoneLengthMax).nullable(),
}

export const ProfileOut = z
  .strictObject({
    id: z.string(),
    email: z.string(),
    ...profileFields,
    roles: z.array(z.string()).openapi({ example: ['admin'] }),
    permissions: z.array(z.string()).openapi({ example: ['catalog:write'] }),
    createdAt: z.iso.datetime(),
  })
  .openapi('Profile')

export const ChangedProfile = ProfileOut.extend({ receipt: Receipt }).openapi('ChangedProfile')

export const ProfileBody = z
  .strictObject(profileFields)
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'Must have a field to change')
  .openapi('ProfileEdit')

export const SessionQuery = PageQuery

export const SessionPage = page(
  z
    .strictObject({
      id: z.string(),
      device: z.string().openapi({ example: 'Firefox on Windows' }),
      isCurrent: z.boolean().openapi({ description: 'Whether it is the one that asks.' }),
      createdAt: z.iso.datetime(),
      lastUsedAt: z.iso.datetime(),
      expiresAt: z.iso.datetime(),
    })
    .openapi('Session'),
)

export const SessionParams = z.strictObject({ id: line(64) })

export const SessionEnded = z
  .strictObject({ session: z.string(), receipt: Receipt })
  .openapi('SessionEnded')
