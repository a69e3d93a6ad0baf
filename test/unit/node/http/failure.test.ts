import { HTTPException } from 'hono/http-exception'
import { describe, expect, test } from 'vitest'
import { Fault } from '../../../../node/fault.ts'
import { createTestShell } from './test-shell.ts'

const failWith = async (thrown: unknown) => {
  const shell = createTestShell({ level: 'error' })
  shell.app.get('/fails', () => {
    throw thrown
  })
  const response = await shell.app.request('/fails', { headers: { 'x-request-id': 'r-1' } })
  return { response, body: await response.json(), lines: shell.lines }
}

const withCode = (code: string) => Object.assign(new Error('canary'), { code })

describe('what a handler throws', () => {
  test.each<[string, unknown, number, string]>([
    ['a fault', new Fault('overloaded', 'canary'), 503, 'overloaded'],
    ['a full disk', withCode('SQLITE_FULL'), 503, 'storage_full'],
    ['no space', withCode('ENOSPC'), 503, 'storage_full'],
    ['a failed sync', withCode('SQLITE_IOERR_FSYNC'), 503, 'storage_failed'],
    ['a broken file', withCode('SQLITE_CORRUPT'), 503, 'storage_failed'],
    ['a constraint', withCode('SQLITE_CONSTRAINT_CHECK'), 500, 'internal_error'],
    ['a bug', new TypeError('canary'), 500, 'internal_error'],
    ['a string', 'canary', 500, 'internal_error'],
    ['undefined', undefined, 500, 'internal_error'],
    ['a wrong media type', new HTTPException(415), 415, 'unsupported_media_type'],
    ['malformed input', new HTTPException(400), 400, 'invalid_request'],
    ['a gateway failure', new HTTPException(502), 500, 'internal_error'],
    ['a client that left', withCode('ECONNRESET'), 400, 'invalid_request'],
  ])('%s becomes a problem that keeps the words inside', async (_, thrown, status, code) => {
    const { response, body } = await failWith(thrown)
    expect(response.status).toBe(status)
    expect(body).toMatchObject({ code, requestId: 'r-1', instance: '/fails' })
    expect(JSON.stringify(body)).not.toContain('canary')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test('is in the log with its stack, its cause and the request id', async () => {
    const cause = new Error('the disk said no')
    const { lines } = await failWith(new Fault('storage_failed', 'commit failed', { cause }))
    expect(lines).toMatchObject([
      { level: 'error', node: 'eu', requestId: 'r-1', code: 'storage_failed', path: '/fails' },
    ])
    expect(JSON.stringify(lines)).toMatch(/the disk said no.*failure\.test\.ts/)
  })

  test('is no error of the node if the client caused it', async () => {
    expect((await failWith(new HTTPException(400))).lines).toEqual([])
  })
})

describe('a path without a handler', () => {
  const { app } = createTestShell()
  app.get('/things/:id', (c) => c.text('thing'))
  app.delete('/things/:id', (c) => c.text('gone'))

  test('is not found', async () => {
    const response = await app.request('/nowhere')
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'not_found', instance: '/nowhere' })
  })

  test('tells which methods it takes', async () => {
    const response = await app.request('/things/1', { method: 'PUT' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('HEAD, GET, DELETE')
    expect(await response.json()).toMatchObject({ code: 'method_not_allowed' })
  })

  test('is survived, whatever it looks like', async () => {
    for (const path of [
      '/%',
      '/%ff',
      '/..%2f..%2fetc',
      `/${'a/'.repeat(3000)}`,
      '/things/%E0%A4%A',
    ])
      expect((await app.request(path)).status).toBeLessThan(500)
  })
})
