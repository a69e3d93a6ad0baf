/**
 * An order is the log of what happened to it, and reading the log is all there is to its state. Beside
 * the log stand the runs of the checkout that it comes of (`run.ts`).
 *
 * Every node reads the events in the order of their timestamps, so that all come to the same state.
 * An event that was made without knowing of an earlier one may not fit what that one left; then the
 * table in `order-status.ts` says which of the two counts, and the other becomes a task for a person.
 *
 * May one order be placed twice? Yes: one request that was sent to two regions which could not hear
 * each other. The placement with the earlier timestamp is the order; the other stays in the log, and
 * the region that made it gives its units back.
 */

import { schema, type Document } from '../../crdt/document.ts'
import { dotKey, type DotKey, type ReplicaId } from '../../crdt/dot.ts'
import * as eventLog from '../../crdt/event-log.ts'
import type { OrderAddress, OrderLine } from './agreement.ts'
import { isOrderEvent, type EventOf, type OrderEvent } from './order-event.ts'
import type { Placed, Units } from './order-event.ts'
import { runsShape } from './run.ts'
import { transitions, type LostMove, type Move, type Status } from './order-status.ts'

export const order = schema('order', 2, {
  events: [1, eventLog.shape(isOrderEvent)],
  /** How it came about, or why it did not. */
  runs: [2, runsShape],
})

export type OrderDocument = Document<typeof order.fields>

/** An order as its log reads. */
export interface Order {
  readonly status: Status
  readonly placement: Placement
  /** Placements of the same request in other regions, which do not count. */
  readonly doubles: readonly Placement[]
  readonly lines: readonly LineState[]
  readonly address: OrderAddress
  readonly isCancelled: boolean
  readonly wasPacked: boolean
  readonly history: readonly HistoryEntry[]
  readonly shipments: readonly Shipment[]
  readonly edits: readonly DotKey[]
  /** What was captured, by the provider's reference. */
  readonly paid: ReadonlyMap<string, number>
  /** What was given back, by refund. */
  readonly refunded: ReadonlyMap<string, number>
  /** What the shop gives back although the goods stay. */
  readonly credited: number
  readonly returnsAsked: readonly ReturnAsked[]
  readonly givenBack: readonly EventOf<'given_back'>[]
  /** What moves that met in the log left to be done; `order-tasks.ts` adds what follows from the state. */
  readonly lost: readonly Lost[]
  readonly acceptedAlone: { readonly change: string; readonly atMs: number } | undefined
  readonly tasksDone: ReadonlySet<string>
}

export interface Placement {
  readonly dot: DotKey
  readonly replica: ReplicaId
  readonly atMs: number
  readonly event: Placed
}

export interface LineState {
  readonly line: OrderLine
  /** What is left of the line after edits. */
  readonly ordered: number
  readonly shipped: number
  readonly returned: number
}

export interface HistoryEntry {
  readonly event: DotKey
  readonly type: OrderEvent['type']
  readonly status: Status
  readonly atMs: number
  readonly by: string | undefined
  readonly note: string | undefined
}

export interface Shipment {
  readonly event: DotKey
  readonly atMs: number
  readonly units: Units
  /** The id of the document that says where it is. */
  readonly shipment: string
}

export interface ReturnAsked {
  readonly event: DotKey
  readonly atMs: number
  readonly units: Units
  readonly reason: string
}

export interface Lost {
  readonly task: LostMove
  /** The event that lost. */
  readonly event: DotKey
  readonly atMs: number
  readonly units: Units
}

/** The account whose order it is; undefined for a guest's. */
export const customerOf = ({ placement }: Pick<Order, 'placement'>): string | undefined =>
  accountOf(placement.event.agreed.who)

export const accountOf = (who: string): string | undefined =>
  who.startsWith(accountPrefix) ? who.slice(accountPrefix.length) : undefined

const accountPrefix = 'account/'

interface Logged<E extends OrderEvent = OrderEvent> {
  readonly event: E
  readonly dot: DotKey
  readonly replica: ReplicaId
  readonly atMs: number
}

interface ReadableOrder {
  readonly store: Pick<OrderDocument['store'], 'events'>
}

/** The order that the document describes; undefined before it was placed, or heard of. */
export const readOrder = ({ store: { events } }: ReadableOrder): Order | undefined => {
  const known = readings.get(events)
  if (known?.events === events.size) return known.order
  const order = fold(events)
  readings.set(events, { events: events.size, order })
  return order
}

// A log only grows, in place too: so many events of one log are always the same. Each step of a checkout
// and each rule of a change reads the order, and most of them the same one.
const readings = new WeakMap<
  object,
  { readonly events: number; readonly order: Order | undefined }
>()

const fold = (events: OrderDocument['store']['events']): Order | undefined => {
  const log = eventLog.entries({ store: events }).map(({ dot, value }): Logged => ({
    event: value.value,
    dot: dotKey(dot),
    replica: dot.replica,
    atMs: value.wallMs,
  }))
  const [placement, ...doubles] = ofType(log, 'placed')
  if (!placement) return undefined
  const state = begin(placement, doubles, standingEdits(log))
  for (const logged of log) apply(state, logged)
  return state
}

const ofType = <T extends OrderEvent['type']>(
  log: readonly Logged[],
  type: T,
): readonly Logged<EventOf<T>>[] =>
  log.filter((one): one is Logged<EventOf<T>> => one.event.type === type)

// A parcel is what the packer put into it: the edits of which the first to pack or ship knew.
const standingEdits = (log: readonly Logged[]): readonly Logged<EventOf<'edited'>>[] => {
  const edits = ofType(log, 'edited')
  const first = log.find(({ event }) => event.type === 'packed' || event.type === 'shipped')?.event
  if (first?.type !== 'packed' && first?.type !== 'shipped') return edits
  return edits.filter(({ dot }) => first.seen.includes(dot))
}

// What two regions said at once was said once.
const isRepeat = ({ status }: Pick<Order, 'status'>, what: Move): boolean =>
  transitions[status][what].does === 'stay'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** The order while its log is read. */
interface State extends Mutable<Order> {
  readonly standing: ReadonlySet<DotKey>
  readonly lines: Mutable<LineState>[]
  readonly history: HistoryEntry[]
  readonly shipments: Shipment[]
  readonly edits: DotKey[]
  readonly paid: Map<string, number>
  readonly refunded: Map<string, number>
  readonly returnsAsked: ReturnAsked[]
  readonly givenBack: EventOf<'given_back'>[]
  readonly lost: Lost[]
  readonly tasksDone: Set<string>
}

const begin = (
  placement: Logged<Placed>,
  doubles: readonly Logged<Placed>[],
  edits: readonly Logged<EventOf<'edited'>>[],
): State => ({
  status: 'pending',
  placement,
  doubles,
  standing: new Set(edits.map(({ dot }) => dot)),
  lines: placement.event.agreed.lines.map((line) => ({
    line,
    ordered: Math.min(
      line.units,
      ...edits.map(({ event }) => event.units[line.variant] ?? Infinity),
    ),
    shipped: 0,
    returned: 0,
  })),
  address:
    edits.findLast(({ event }) => event.address)?.event.address ?? placement.event.agreed.address,
  isCancelled: false,
  wasPacked: false,
  history: [],
  shipments: [],
  edits: [],
  paid: new Map(),
  refunded: new Map(),
  credited: 0,
  returnsAsked: [],
  givenBack: [],
  lost: [],
  acceptedAlone: undefined,
  tasksDone: new Set(),
})

const apply = (state: State, logged: Logged): void => {
  const { event } = logged
  switch (event.type) {
    case 'placed':
      // A later one is the same request at another node, and not something that happened to the order.
      if (logged.dot !== state.placement.dot) return
      break
    case 'confirmed':
    case 'delivered':
      if (isRepeat(state, event.type)) return
      move(state, event.type, logged)
      break
    case 'packed':
      if (isRepeat(state, 'packed')) return
      state.wasPacked = true
      move(state, 'packed', logged)
      break
    case 'cancelled':
      if (isRepeat(state, 'cancelled')) return
      if (transitions[state.status].cancelled.does !== 'loses') state.isCancelled = true
      move(state, 'cancelled', logged)
      break
    case 'shipped':
      ship(state, logged, event)
      break
    case 'returned':
      takeBack(state, logged, event)
      break
    case 'edited':
      state.edits.push(logged.dot)
      if (!state.standing.has(logged.dot)) lose(state, 'edit_too_late', logged, event.units)
      break
    case 'paid':
      if (event.amount <= (state.paid.get(event.reference) ?? 0)) return
      state.paid.set(event.reference, event.amount)
      move(state, 'paid', logged)
      break
    case 'refunded':
      if (state.refunded.has(event.refund)) return
      state.refunded.set(event.refund, event.amount)
      if (sum(state.refunded) >= sum(state.paid)) move(state, 'refunded', logged)
      break
    case 'credited':
      state.credited += event.amount
      break
    case 'return_asked':
      state.returnsAsked.push({ ...event, event: logged.dot, atMs: logged.atMs })
      break
    case 'given_back':
      state.givenBack.push(event)
      return
    case 'accepted_alone':
      state.acceptedAlone ??= { change: event.change, atMs: logged.atMs }
      return
    case 'task_done':
      state.tasksDone.add(event.task)
      return
    // Of a later release.
    default:
      return
  }
  note(state, logged)
}

const move = (state: State, what: Move, logged: Logged, units: Units = {}): void => {
  const cell = transitions[state.status][what]
  if (cell.does === 'to' || cell.does === 'wins') state.status = cell.status
  if ((cell.does === 'wins' || cell.does === 'loses') && cell.task !== undefined) {
    lose(state, cell.task, logged, units)
  }
}

const lose = (state: State, task: LostMove, { dot, atMs }: Logged, units: Units): void => {
  state.lost.push({ task, event: dot, atMs, units })
}

const ship = (state: State, logged: Logged, event: EventOf<'shipped'>): void => {
  const { cell, sent, excess } = shipmentOf(state, event.units)
  for (const [line, units] of sent) line.shipped += units
  state.shipments.push({ ...event, event: logged.dot, atMs: logged.atMs })
  const isAll = state.lines.every(({ shipped, ordered }) => shipped >= ordered)
  if (cell.does === 'wins') {
    // The cancellation still counts for what was not in the parcel.
    state.status = 'shipped'
    lose(state, cell.task, logged, event.units)
  } else if (cell.does === 'to' && state.status !== 'cancelled') {
    state.status = isAll || state.isCancelled ? 'shipped' : 'partially_shipped'
  }
  if (excess !== undefined) lose(state, 'shipped_twice', logged, excess)
}

// What of a shipment belongs to the order, and what was sent beyond it.
const shipmentOf = (state: State, units: Units) => {
  const cell = transitions[state.status].shipped
  const sent = state.lines.map((line) => {
    const asked = units[line.line.variant] ?? 0
    return [line, Math.min(asked, line.ordered - line.shipped)] as const
  })
  const beyond = sent.flatMap(([{ line }, fit]) => {
    const more = (units[line.variant] ?? 0) - fit
    return more > 0 ? [[line.variant, more] as const] : []
  })
  return { cell, sent, excess: beyond.length > 0 ? Object.fromEntries(beyond) : undefined }
}

const takeBack = (state: State, logged: Logged, { units }: EventOf<'returned'>): void => {
  for (const line of state.lines) {
    const asked = units[line.line.variant] ?? 0
    // One parcel that was booked in two regions came back once.
    line.returned += Math.min(asked, line.shipped - line.returned)
  }
  const isAll = state.lines.every(({ returned, shipped, ordered }) =>
    state.isCancelled ? returned >= shipped : returned >= ordered,
  )
  if (isAll) move(state, 'returned', logged)
}

const note = (state: State, { event, dot, atMs }: Logged): void => {
  state.history.push({
    event: dot,
    type: event.type,
    status: state.status,
    atMs,
    by: 'by' in event ? event.by : event.type === 'placed' ? event.agreed.who : undefined,
    note: 'reason' in event ? event.reason : undefined,
  })
}

export const sum = (amounts: ReadonlyMap<string, number>): number =>
  amounts.values().reduce((total, amount) => total + amount, 0)
