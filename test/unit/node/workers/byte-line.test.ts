import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { MessageChannel } from 'node:worker_threads'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createByteLine } from '../../../../node/workers/byte-line.ts'

const pair = () => {
  const { port1, port2 } = new MessageChannel()
  return [createByteLine(port1), createByteLine(port2, '192.0.2.7')] as const
}

describe('a byte line', () => {
  test('carries the same bytes both ways, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ minLength: 1, maxLength: 500 }), { maxLength: 20 }),
        async (pieces) => {
          const [here, there] = pair()
          there.pipe(there)
          for (const piece of pieces) here.write(piece)
          here.end()
          expect(await text(here)).toBe(pieces.map((piece) => Buffer.from(piece)).join(''))
        },
      ),
      { numRuns: 20 },
    )
  })

  test('lets what was said before the end be heard, when it is heard late', async () => {
    const [here, there] = pair()
    here.end('the last words')
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    expect(await text(there)).toBe('the last words')
  })

  test('holds up who writes until it is read', async () => {
    const [here, there] = pair()
    let written = 0
    const chunk = Buffer.alloc(64 * 1_024)
    const write = (): void => {
      for (let more = true; more && written < 100; written++) more = here.write(chunk)
    }
    here.on('drain', write)
    write()
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(written).toBeLessThan(10)
    there.resume()
    here.once('finish', () => here.destroy())
    for (let drain = 0; drain < 100 && !here.writableFinished; drain++) {
      if (written === 100) here.end()
      await Promise.race([once(here, 'drain'), once(here, 'finish'), once(here, 'close')])
    }
    expect(written).toBe(100)
  })

  test('that breaks at one end ends at the other', async () => {
    const [here, there] = pair()
    const closed = once(there, 'close')
    here.destroy()
    await closed
    expect(there.destroyed).toBe(true)
  })

  test('tells where its client is', () => {
    const [here, there] = pair()
    expect(there.remoteAddress).toBe('192.0.2.7')
    expect(here.remoteAddress).toBeUndefined()
    here.destroy()
  })
})
