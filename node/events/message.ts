/** An event as the bytes of a message, and back: what comes from a bus may have been written by anybody. */

import { documentOf, isEventType } from './catalogue.ts'
import { isEventId, type DomainEvent } from './event.ts'

export const writeEvent = (event: DomainEvent): string => JSON.stringify(event)

/** The event that a text holds, or what is wrong with it. */
export const readEvent = (
  text: string,
): { readonly event: DomainEvent } | { readonly garbage: string } => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { garbage: 'It is no JSON' }
  }
  if (typeof value !== 'object' || value === null) return { garbage: 'It is no object' }
  const { id, type, data, ...rest } = value as Readonly<Record<string, unknown>>
  if (typeof id !== 'string' || !isEventId(id)) return { garbage: 'It has no id of an event' }
  if (typeof type !== 'string' || !isEventType(type)) return { garbage: 'Its type is unknown here' }
  const isWhole = ['source', 'subject', 'time', 'hlc', 'actor'].every(
    (name) => typeof rest[name] === 'string',
  )
  if (!isWhole) return { garbage: 'An attribute is missing' }
  const parsed = documentOf(type).data.safeParse(data)
  if (!parsed.success) return { garbage: `Its data is not of the type ${type}` }
  return { event: { ...rest, id, type, data: parsed.data } as DomainEvent }
}
