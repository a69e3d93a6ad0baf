import { parseOptions } from '@node-rs/argon2'
import { describe, expect, it } from 'vitest'
import { createPasswords } from '../../../../node/identity/passwords.ts'

const salt = new Uint8Array(16).fill(7)

describe('passwords', () => {
  it('are hashed with Argon2id at no less than 19 MiB, two passes and one lane', async () => {
    const hash = await createPasswords().hash('correct horse', salt)
    expect(hash).toMatch(/^\$argon2id\$v=19\$/)
    expect(parseOptions(hash)).toMatchObject({ memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  })

  it('match their own hash, typed on whatever keyboard, and no other', async () => {
    const passwords = createPasswords()
    const hash = await passwords.hash('zo\u00eb\u2126', salt)
    expect(await passwords.matches('zoe\u0308\u03a9', hash)).toBe(true)
    expect(await passwords.matches('zoe', hash)).toBe(false)
    expect(await passwords.matches('', hash)).toBe(false)
  })

  it('never match where there is no hash', async () => {
    expect(await createPasswords().matches('', undefined)).toBe(false)
  })

  it('are refused as overload when too many wait, and served again after', async () => {
    const passwords = createPasswords({ atOnceMax: 1, waitingMax: 1 })
    const settled = await Promise.allSettled(
      Array.from({ length: 4 }, () => passwords.matches('guess', undefined)),
    )
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ])
    expect(settled[3]).toMatchObject({ reason: { code: 'overloaded' } })
    expect(await passwords.matches('guess', undefined)).toBe(false)
  })

  it('that wait are refused at closing', async () => {
    const passwords = createPasswords({ atOnceMax: 1, waitingMax: 1 })
    const running = passwords.matches('guess', undefined)
    const waiting = passwords.matches('guess', undefined)
    passwords.close()
    await expect(waiting).rejects.toMatchObject({ code: 'shutting_down' })
    await expect(passwords.matches('guess', undefined)).rejects.toMatchObject({
      code: 'shutting_down',
    })
    expect(await running).toBe(false)
  })
})
