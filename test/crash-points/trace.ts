/** What a process asked of its files and said, in order, as `shim.c` wrote it down. */

export type Operation =
  | { readonly kind: 'create'; readonly name: string; readonly file: bigint }
  | { readonly kind: 'mkdir'; readonly name: string }
  | {
      readonly kind: 'write'
      readonly file: bigint
      readonly offset: number
      readonly bytes: Buffer
    }
  | { readonly kind: 'truncate'; readonly file: bigint; readonly size: number }
  | { readonly kind: 'sync'; readonly file: bigint; readonly failed: boolean }
  | { readonly kind: 'sync_directory'; readonly name: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly name: string }

export type Event = Operation | { readonly kind: 'say'; readonly text: string }

/** `struct record` of the shim: kind, error, and the lengths of what follows it. */
const headBytes = 24

export const parseTrace = (bytes: Buffer): readonly Event[] => {
  const events: Event[] = []
  let at = 0
  while (at + headBytes <= bytes.length) {
    const nameEnd = at + headBytes + bytes.readUInt16LE(at + 2)
    const dataEnd = nameEnd + bytes.readUInt32LE(at + 4)
    const event = eventOf(bytes.readUInt8(at), {
      failed: bytes.readUInt8(at + 1) !== 0,
      file: bytes.readBigUInt64LE(at + 8),
      offset: Number(bytes.readBigUInt64LE(at + 16)),
      name: bytes.toString('utf8', at + headBytes, nameEnd),
      data: bytes.subarray(nameEnd, dataEnd),
    })
    events.push(event)
    at = dataEnd
  }
  if (at !== bytes.length) throw new Error('The trace ends inside a record')
  return events
}

interface Fields {
  readonly failed: boolean
  readonly file: bigint
  readonly offset: number
  readonly name: string
  readonly data: Buffer
}

const eventOf = (number: number, { failed, file, offset, name, data }: Fields): Event => {
  switch (number) {
    case 1:
      return { kind: 'say', text: data.toString() }
    case 2:
      return { kind: 'create', name, file }
    case 3:
      return { kind: 'mkdir', name }
    case 4:
      return { kind: 'write', file, offset, bytes: data }
    case 5:
      return { kind: 'truncate', file, size: offset }
    case 6:
      return { kind: 'sync', file, failed }
    case 7:
      return { kind: 'sync_directory', name }
    case 8:
      return { kind: 'rename', from: name, to: data.toString() }
    case 9:
      return { kind: 'unlink', name }
    default:
      throw new Error(`The trace has no kind ${number}`)
  }
}
