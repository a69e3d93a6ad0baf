/** Documents on the way: what one side packs the other puts together, in any pieces, within the window. */

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as deliveries from '../../../sync/delivery.ts'
import type { Delivery } from '../../../sync/delivery.ts'
import * as dispatches from '../../../sync/dispatch.ts'
import type { Dispatch } from '../../../sync/dispatch.ts'
import type { DocumentState } from '../../../sync/document-exchange.ts'
import { keyEnd, keyOf } from '../../../sync/document-index.ts'
import * as frames from '../../../sync/frame.ts'
import * as limits from '../../../sync/limits.ts'
import type { Documents } from '../../../sync/pull-frames.ts'
import { builtIndexOf } from './document-sets.ts'

const sizes = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 400 }) },
    fc.integer({ min: 200_000, max: 300_000 }),
    fc.integer({ min: 1_000_000, max: 3_000_000 }),
  ),
  { minLength: 1, maxLength: 30 },
)

/** Documents of these sizes, by key, and a dispatch that sends them all. */
const begin = async (documentSizes: readonly number[]) => {
  const documents = documentSizes.map((size, at): DocumentState => ({
    kind: 'note',
    id: `${at}`,
    bytes: Buffer.alloc(size, `${at}.`),
  }))
  const byKey = new Map(documents.map((one) => [keyOf(one.kind, one.id), one]))
  const index = await builtIndexOf(documents.map(({ id }) => id))
  const listings = [{ level: 0, place: 0, entries: new Uint8Array() }]
  const fetch = { kind: 'fetch', pull: 1, round: 1, from: 0, listings } as const
  return { documents, byKey, index, dispatch: dispatches.dispatchOf(index, fetch) }
}

/** Reads as a node does: at least one document, and no more than fits. */
const read = (
  begun: Awaited<ReturnType<typeof begin>>,
  dispatch: Dispatch,
): Dispatch | undefined => {
  const reading = dispatches.nextRead(begun.index, dispatch)
  if (!reading) return undefined
  const documents: DocumentState[] = []
  let bytes = 0
  for (const key of reading.keys) {
    const document = begun.byKey.get(key)
    if (!document) throw new Error('There is no such document')
    bytes += document.bytes.length
    if (documents.length > 0 && bytes > limits.readBytesMax) break
    documents.push(document)
  }
  return dispatches.take({ ...dispatch, reading }, { documents, keysRead: documents.length })
}

interface Way {
  readonly frames: readonly Documents[]
  readonly joined: readonly DocumentState[]
  readonly delivery: Delivery
}

/** Sends all of it to a receiver that joins a batch whenever the window is full or the round is over. */
const sendAll = (begun: Awaited<ReturnType<typeof begin>>): Way => {
  let { dispatch } = begun
  let delivery: Delivery = deliveries.empty
  const sent: Documents[] = []
  const joined: DocumentState[] = []
  while (!deliveries.isComplete(delivery) || !deliveries.isIdle(delivery)) {
    const next = dispatches.nextFrame(dispatch)
    if (next) {
      dispatch = next.dispatch
      const bytes = frames.encode(next.frame)
      expect(bytes.length).toBeLessThanOrEqual(limits.frameBytesMax)
      const arrived = deliveries.arrive(delivery, frames.decode(bytes) as Documents)
      if (!arrived) throw new Error('A frame was refused')
      delivery = arrived
      sent.push(next.frame)
      continue
    }
    const more = read(begun, dispatch)
    if (more) {
      dispatch = more
      continue
    }
    const batch = deliveries.nextBatch(delivery)
    if (!batch) throw new Error('Both sides wait for each other')
    joined.push(...batch.documents)
    delivery = deliveries.settle(batch.delivery)
    const settled = dispatches.settle(dispatch, delivery.settledOffset)
    if (!settled) throw new Error('An acknowledgement was refused')
    dispatch = settled
  }
  return { frames: sent, joined, delivery }
}

describe('documents on the way', () => {
  test('arrive as they were, in the order of their keys, however large they are', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (documentSizes) => {
        const begun = await begin(documentSizes)
        const { joined, frames: sent } = sendAll(begun)
        const keys = joined.map(({ kind, id }) => keyOf(kind, id))
        expect(keys).toEqual([...begun.byKey.keys()].toSorted((a, b) => a - b))
        for (const { id, bytes } of joined) {
          expect(Buffer.compare(bytes, begun.documents[Number(id)]?.bytes ?? Buffer.of())).toBe(0)
        }
        expect(sent.every(({ count }) => count === documentSizes.length)).toBe(true)
        expect(sent.at(-1)?.next).toBe(keyEnd)
      }),
      { numRuns: 30 },
    )
  })

  test('that were lost are asked for from the last key that is complete, and nothing is missing then', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (documentSizes, lost) => {
        const begun = await begin(documentSizes)
        const { frames: sent } = sendAll(begun)
        let delivery: Delivery = deliveries.empty
        const got = new Set<number>()
        sent.forEach((frame, at) => {
          if (at === lost % sent.length) return
          const arrived = deliveries.arrive(delivery, frame)
          if (!arrived) throw new Error('A frame was refused')
          delivery = arrived
          for (let batch = deliveries.nextBatch(delivery); batch;) {
            for (const { kind, id } of batch.documents) got.add(keyOf(kind, id))
            delivery = deliveries.settle(batch.delivery)
            batch = deliveries.nextBatch(delivery)
          }
        })
        expect(deliveries.isComplete(delivery)).toBe(false)
        const complete = [...begun.byKey.keys()].filter((key) => key < delivery.next)
        expect(complete.filter((key) => !got.has(key))).toEqual([])
      }),
      { numRuns: 30 },
    )
  })

  test('that come twice count once', async () => {
    const begun = await begin([100, 300_000, 500_000])
    const { frames: sent } = sendAll(begun)
    let delivery: Delivery = deliveries.empty
    for (const frame of sent.flatMap((one) => [one, one])) {
      const arrived = deliveries.arrive(delivery, frame)
      if (!arrived) throw new Error('A frame was refused')
      delivery = arrived
    }
    expect(delivery.waiting).toHaveLength(3)
  })

  const frameOf = (parts: Documents['parts'], offset = 0): Documents => ({
    kind: 'documents',
    pull: 1,
    round: 1,
    offset,
    count: 1,
    next: 0,
    parts,
  })
  const part = { kind: 'note', id: 'a', size: 10, at: 0, bytes: new Uint8Array(5) }

  test.each([
    ['a document that begins in its middle', [{ ...part, at: 5 }]],
    ['a document within another', [part, { ...part, id: 'b' }]],
    ['a document that changes its size', [part, { ...part, size: 11, at: 5 }]],
    ['a piece that leaves a hole', [part, { ...part, at: 6, bytes: new Uint8Array(4) }]],
  ])('%s are refused', (_, parts) => {
    expect(deliveries.arrive(deliveries.empty, frameOf(parts))).toBeUndefined()
  })

  test('beyond the window are refused', () => {
    const large = { kind: 'note', id: 'a', size: 200_000, at: 0, bytes: new Uint8Array(200_000) }
    let delivery: Delivery | undefined = deliveries.empty
    let offset = 0
    while (delivery) {
      delivery = deliveries.arrive(delivery, frameOf([large], offset))
      offset += 200_000
    }
    expect(offset).toBeGreaterThan(limits.documentsInFlightBytesMax)
    expect(offset).toBeLessThan(limits.documentsInFlightBytesMax + 400_000)
  })

  test('and an end in the middle of one is refused', () => {
    expect(
      deliveries.arrive(deliveries.empty, { ...frameOf([part]), next: keyEnd }),
    ).toBeUndefined()
  })
})
