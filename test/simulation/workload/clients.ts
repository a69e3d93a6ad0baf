/**
 * Those who ask: they send a deed under a request id, wait, and if no answer comes, send it again
 * elsewhere. Now and then somebody clicks twice.
 */

import { hash } from 'node:crypto'
import { parseDot } from '../../../crdt/dot.ts'
import type { Value } from '../../../crdt/value.ts'
import type { Command, Outcome } from '../../../node/core/core.ts'
import type { CartId } from '../../../node/cart/cart-id.ts'
import { requestOfIntent, type Intent } from '../../../node/cart/cart-rules.ts'
import type { Refusal } from '../../../node/errors.ts'
import type { Result } from '../../../node/result.ts'
import type { Answered } from '../checkers/checker.ts'
import type { Machine } from '../cluster/machine.ts'
import type { Process } from '../cluster/process.ts'
import type { Act } from '../plan.ts'
import { createRandom, type Random } from '../world/random.ts'
import type { Timeline } from '../world/timeline.ts'
import type { Trace } from '../world/trace.ts'
import { cartDeeds } from './carts.ts'
import { catalogDeeds } from './catalog.ts'
import { conflictDeeds } from './conflicts.ts'
import type { Deed, MakeDeed } from './deed.ts'
import type { Goods } from './goods.ts'
import { membershipDeeds } from './membership.ts'
import { stockDeeds } from './stocks.ts'

const deeds: Readonly<Record<Exclude<Act['kind'], 'foldLog'>, MakeDeed>> = {
  ...membershipDeeds,
  ...catalogDeeds,
  ...cartDeeds,
  ...conflictDeeds,
  ...stockDeeds,
}

export interface Clients {
  perform(act: Act): void
}

/** Everything that was asked of carts, by the request that it is. */
export type Intents = Map<string, { readonly cart: CartId; readonly intent: Intent }>

export interface ClientsDeps {
  readonly timeline: Timeline
  readonly trace: Trace
  readonly goods: Goods
  readonly intents: Intents
  readonly machines: readonly Machine[]
  readonly answered: (fact: Answered) => void
  readonly happened: (what: string) => void
}

const attemptsMax = 4
const answerMsMax = 5_000

export const createClients = (deps: ClientsDeps): Clients => {
  const { timeline, trace, goods, machines, happened } = deps
  let named = 0

  const up = (number: number): Process | undefined => {
    const process = machines[number]?.process()
    return process?.mesh() ? process : undefined
  }

  const perform = (act: Act): void => {
    const random = createRandom(act.chance)
    const process = up(act.node) ?? up(random.below(machines.length))
    if (!process) return happened('client: nobody is up')
    if (act.kind === 'foldLog') return process.fold()
    const name = `deed-${++named}`
    const nodes = machines.map((machine) => machine.name())
    const others = () =>
      machines.flatMap((machine) => {
        const other = machine.process()
        return other && other !== process ? [other.core.replica()] : []
      })
    const made = deeds[act.kind]({ random, goods, process, others, nodes, name })
    if (!made) return
    if (made.intents) {
      const { cart, list } = made.intents
      for (const intent of list) deps.intents.set(requestOfIntent(cart, intent), { cart, intent })
    }
    // Most clients name their requests; those who do not are answered and not asked again.
    const request = random.chance(0.8)
      ? {
          id: `key/${hash('sha256', `${made.actor}\n${name}`)}`,
          fingerprint: hash('sha256', `${act.kind}\n${JSON.stringify(made.input)}`),
        }
      : undefined
    const asking: Asking = { made, request, random, kind: act.kind, attempts: 0 }
    ask(asking, process)
    if (request && random.chance(0.1)) {
      // A double click, or a proxy that was impatient.
      const other = up(random.below(machines.length))
      const laterMs = timeline.nowMs() + random.fraction() * 2_000
      if (other) timeline.at(laterMs, () => ask({ ...asking, attempts: attemptsMax }, other))
    }
  }

  const ask = (asking: Asking, process: Process): void => {
    if (process.host.isOver()) return again(asking)
    const { made, request } = asking
    asking.attempts++
    let isOpen = true
    const close = (): boolean => {
      const wasOpen = isOpen
      isOpen = false
      return wasOpen
    }
    if (made.intents?.list.every((one) => process.core.isAnswered(requestOf(made, one.id)))) {
      return repeated(made, process)
    }
    const command = {
      actor: made.actor,
      decide: made.rule(process),
      input: made.input,
      ...(request ? { request } : {}),
    }
    // A process that is busy takes requests when it has time again.
    process.host.perform(() => {
      process.pipeline.submit(command as Command).then(
        (result) => void (close() && heard(asking, process, result)),
        () => {
          if (!close()) return
          happened('client: the node could not')
          again(asking)
        },
      )
    })
    timeline.at(timeline.nowMs() + answerMsMax, () => {
      if (!close()) return
      happened('client: no answer')
      again(asking)
    })
  }

  const again = (asking: Asking): void => {
    const { request, random, attempts } = asking
    if (!(request ?? asking.made.intents) || attempts >= attemptsMax) return
    timeline.at(timeline.nowMs() + 500 + random.fraction() * 3_000, () => {
      const process = up(random.below(machines.length))
      happened('client: asks again')
      if (process) ask(asking, process)
      else again({ ...asking, attempts: attempts + 1 })
    })
  }

  const heard = (asking: Asking, process: Process, result: Result<Outcome, Refusal>): void => {
    const { kind, request } = asking
    const { number } = process.host
    if (process.host.isOver()) return
    if (!result.ok) {
      trace.mix(timeline.nowMs(), number, 1)
      trace.say(() => `${process.host.name}: ${kind} refused: ${result.refusal.code}`)
      return happened(`refused: ${result.refusal.code}`)
    }
    const { answer, receipt, isRepeat } = result.value
    trace.mix(timeline.nowMs(), number, 2)
    trace.say(() => `${process.host.name}: ${kind} done by ${receipt.change}`)
    if (isRepeat) happened('request: answered as before')
    told(process, { request: request?.id, receipt, answer })
  }

  const repeated = (made: Deed, process: Process): void => {
    const [first] = made.intents?.list ?? []
    const receipt = first && process.core.findReceipt(requestOf(made, first.id))
    if (!receipt) return
    happened('intents: all done before')
    told(process, { request: undefined, receipt, answer: null })
  }

  const told = (
    process: Process,
    {
      request,
      receipt,
      answer,
    }: { request: string | undefined } & Pick<Outcome, 'receipt'> & {
        answer: Value
      },
  ): void => {
    const change = parseDot(receipt.change)
    if (!change) throw new Error(`A receipt names no change: ${receipt.change}`)
    const machine = machines.find((one) => one.process() === process)
    deps.answered({
      node: process.host,
      request,
      change,
      answer: JSON.stringify(canonical(answer)),
      durable: machine ? machine.durable() : new Map(),
    })
  }

  return { perform }
}

// What is stored has its keys in order; to whoever asks, an object is the same in any.
const canonical = (answer: Value): Value =>
  answer === null || typeof answer !== 'object' || Array.isArray(answer)
    ? answer
    : Object.fromEntries(Object.entries(answer).sort(([a], [b]) => (a < b ? -1 : 1)))

interface Asking {
  readonly made: Deed
  readonly request: Command['request'] | undefined
  readonly random: Random
  readonly kind: Act['kind']
  attempts: number
}

const requestOf = (made: Deed, id: string): string => requestOfIntent(made.intents!.cart, { id })
