import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient } from '../../../../node/story/client.ts'
import { answerMsMax } from '../../../../node/story/limits.ts'
import { answering, createReader } from './reader.ts'

const Named = z.object({ name: z.string() })

const clientOn = (fetch: typeof globalThis.fetch) => {
  const reader = createReader({ fetch })
  const receipts: string[] = []
  const client = createClient(reader.deps, {
    region: 'eu',
    url: 'http://127.0.0.1:4001',
    token: 'secret',
    acknowledged: (change) => void receipts.push(change),
  })
  return { client, receipts, reader }
}

describe('a client of the story', () => {
  test('notes every change that the node acknowledged', async () => {
    const json = { name: 'Lamp', receipt: { change: 'alice:7' } }
    const { client, receipts } = clientOn(answering(() => ({ json })))
    const changed = await client.change({ method: 'PUT', path: 'products/1' }, Named)
    expect(changed.value.name).toBe('Lamp')
    expect(receipts).toEqual(['alice:7'])
    await client.read('products/1', Named)
    expect(receipts).toEqual(['alice:7'])
  })

  test('takes a change without a receipt for none', async () => {
    const { client, receipts } = clientOn(answering(() => ({ json: { name: 'Lamp' } })))
    await expect(client.change({ method: 'PUT', path: 'x' }, Named)).rejects.toThrow('receipt')
    expect(receipts).toEqual([])
  })

  test('says which node refused what, and why', async () => {
    const json = { code: 'sku_taken', detail: 'It has that SKU' }
    const { client } = clientOn(answering(() => ({ status: 409, json })))
    await expect(client.change({ method: 'POST', path: 'products' }, Named)).rejects.toThrow(
      'eu answers POST products with 409: sku_taken: It has that SKU',
    )
  })

  test('answers any status to who only asks', async () => {
    const { client } = clientOn(answering(() => ({ status: 404, json: {} })))
    expect(await client.ask({ method: 'GET', path: 'products/1' })).toMatchObject({ status: 404 })
  })

  test('does not wait for ever', async () => {
    const silent = (_: unknown, init?: RequestInit) =>
      new Promise<Response>((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error))
      })
    const { client, reader } = clientOn(silent)
    const asked = client.ask({ method: 'GET', path: 'products' })
    const told = asked.catch(String)
    await reader.time.advance(answerMsMax)
    expect(await told).toContain('eu does not answer GET products: no answer in 15 s')
  })
})
