/** What is between the shops: changes and questions that are slow, get lost or come twice, and links that are cut. */

import type { Answering, AskPeers } from '../../../node/inventory/ask-peers.ts'
import type { Random } from '../world/random.ts'
import type { Timeline } from '../world/timeline.ts'
import type { Life } from './shop.ts'

export interface Sea {
  setCut(a: string, b: string, isCut: boolean): void
  heal(): void
  join(port: Port): void
  askedBy(name: string): AskPeers
  /** Carries what `name` has and others lack to them, as far as the links let it. */
  send(name: string): void
}

/** A shop as the others reach it. */
export interface Port {
  readonly name: string
  life(): Life | undefined
}

/** So often what was lost is sent again. */
const resendMs = 300

export const createSea = (timeline: Timeline, random: Random): Sea => {
  const cut = new Set<string>()
  const ports = new Map<string, Port>()
  const latencyMs = random.pick([1, 5, 40])
  const lossRate = random.pick([0, 0.02, 0.1])
  let isWell = false
  const linkOf = (a: string, b: string) => [a, b].sort().join('-')
  const isCut = (a: string, b: string) => cut.has(linkOf(a, b))
  const after = (ms: number, work: () => void) => timeline.at(timeline.nowMs() + ms, work)

  const carry = (from: string, to: string, work: (there: Life) => void) => {
    if (isCut(from, to) || (!isWell && random.chance(lossRate))) return
    const deliver = () => {
      const there = ports.get(to)?.life()
      if (there && !isCut(from, to)) work(there)
    }
    after(latencyMs * (0.5 + random.fraction()), deliver)
    if (!isWell && random.chance(lossRate)) after(latencyMs * 4, deliver)
  }

  const send = (name: string) => {
    const here = ports.get(name)?.life()
    if (!here) return
    for (const other of ports.values()) {
      const there = other.life()
      if (other.name === name || !there || isCut(name, other.name)) continue
      const position = here.log.positionFor(there.log.vector())
      const { entries } = here.log.read(position, 256 * 1_024)
      if (entries.length === 0) continue
      const changes = entries.map(({ bytes }) => bytes)
      carry(name, other.name, (peer) => void peer.receive(changes))
    }
  }

  const resend = (name: string) => {
    send(name)
    after(resendMs * (0.5 + random.fraction()), () => resend(name))
  }

  return {
    setCut: (a, b, is) => {
      if (is) cut.add(linkOf(a, b))
      else cut.delete(linkOf(a, b))
    },
    heal: () => {
      isWell = true
      cut.clear()
    },
    join: (port) => {
      ports.set(port.name, port)
      resend(port.name)
    },
    send,
    askedBy: (name) => ({
      peers: () =>
        [...ports.values()].flatMap((other) => {
          const there = other.life()
          const isInReach = other.name !== name && there && !isCut(name, other.name)
          return isInReach ? [{ name: other.name, replica: there.core.replica() }] : []
        }),
      ask: (peer, topic, question, deadlineMs) => {
        const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
        after(deadlineMs, () => reject(new Error('No answer')))
        const asker = ports.get(name)?.life()
        if (!asker) return promise
        const from = { name, replica: asker.core.replica() }
        carry(name, peer, (there) => {
          const answering: Answering | undefined = there.answering.get(topic)
          void answering?.(question, from).then(
            (answer) => carry(peer, name, () => resolve(answer)),
            reject,
          )
        })
        return promise
      },
    }),
  }
}
