/**
 * A disk that is told what a process did to its files, and knows what would be left of it.
 *
 * What was written is in the page cache, and on the platter only after a sync of the file. When the
 * power goes before that, each sector of 512 bytes may hold any of the contents that it had since. A
 * sync that failed is worse: the kernel takes the pages for clean then, so what they hold is read back
 * until the power goes, and no later sync writes it. Names are in a directory, and stay when that is
 * synced; those that were not synced are lost from some point in their order on, as in a journal.
 *
 * Source: Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020.
 */

import type { Operation } from './trace.ts'
import type { Random } from './random.ts'

export const sectorBytes = 512

/** The files under a directory by their name; a directory has no bytes. */
export type Image = ReadonlyMap<string, Buffer | 'directory'>

export interface Disk {
  /** Says under which number a process that begins now knows each file. */
  begin(fileNumbers: ReadonlyMap<string, bigint>): void
  apply(operation: Operation): void
  /** What a process finds that is started after this one was killed: all that was written. */
  kept(): Image
  /** What is left after a power cut if nothing was written that was not synced. */
  synced(): Image
  /** What may be left after a power cut: any of the unsynced sectors, or parts of them. */
  torn(random: Random): Image
}

interface File {
  /** As processes read it. */
  current: Buffer
  /** As it is on the platter. */
  platter: Buffer
  /** Contents that sectors had since the last sync, oldest first. */
  readonly unsynced: Map<number, Buffer[]>
  /** Contents of sectors that a failed sync left in memory; no sync will write them. */
  readonly stranded: Map<number, Buffer>
}

type Names = Map<string, File | 'directory'>
type NameChange = Extract<Operation, { kind: 'create' | 'mkdir' | 'rename' | 'unlink' }>

/** A disk on whose platter is what `initial` says, as after a power cut. */
export const createDisk = (initial: Image): Disk => {
  const files = new Map<bigint, File>()
  const names: Names = new Map()
  const platterNames: Names = new Map()
  /** What was done to names and is not synced, with the file that it was done to. */
  let unsyncedNames: { readonly change: NameChange; readonly file: File | 'directory' }[] = []

  for (const [name, bytes] of initial) {
    const file = bytes === 'directory' ? bytes : newFile(bytes)
    names.set(name, file)
    platterNames.set(name, file)
  }

  const fileOf = (number: bigint): File => {
    const file = files.get(number)
    if (!file) throw new Error('A file is used that was never made')
    return file
  }

  const rename = (change: NameChange, file: File | 'directory'): void => {
    changeNames(names, change, file)
    unsyncedNames.push({ change, file })
  }

  const syncNames = (directory: string): void => {
    const isIn = (name: string) => parentOf(name) === directory
    for (const { change, file } of unsyncedNames) {
      if (namesOf(change).some(isIn)) changeNames(platterNames, change, file)
    }
    unsyncedNames = unsyncedNames.filter(({ change }) => !namesOf(change).some(isIn))
  }

  return {
    begin: (fileNumbers) => {
      files.clear()
      for (const [name, number] of fileNumbers) {
        const file = names.get(name)
        if (file && file !== 'directory') files.set(number, file)
      }
    },

    apply: (operation) => {
      switch (operation.kind) {
        case 'create': {
          const file = newFile(Buffer.alloc(0))
          files.set(operation.file, file)
          return rename(operation, file)
        }
        case 'mkdir':
          return rename(operation, 'directory')
        case 'unlink':
          return rename(operation, 'directory')
        case 'rename':
          return rename(operation, names.get(operation.from) ?? 'directory')
        case 'write':
          return write(fileOf(operation.file), operation.offset, operation.bytes)
        case 'truncate':
          return truncate(fileOf(operation.file), operation.size)
        case 'sync':
          return operation.failed ? strand(fileOf(operation.file)) : sync(fileOf(operation.file))
        case 'sync_directory':
          return syncNames(operation.name)
      }
    },

    kept: () => imageOf(names, ({ current }) => Buffer.from(current)),

    synced: () => imageOf(platterNames, ({ platter }) => Buffer.from(platter)),

    torn: (random) => {
      const left = new Map(platterNames)
      const count = random.below(unsyncedNames.length + 1)
      for (const { change, file } of unsyncedNames.slice(0, count)) changeNames(left, change, file)
      return imageOf(left, (file) => tear(file, random))
    },
  }
}

const newFile = (bytes: Buffer): File => ({
  current: Buffer.from(bytes),
  platter: Buffer.from(bytes),
  unsynced: new Map(),
  stranded: new Map(),
})

const imageOf = (names: Names, bytesOf: (file: File) => Buffer): Image => {
  const isReachable = (name: string): boolean => name === '' || names.get(name) === 'directory'
  return new Map(
    [...names]
      .filter(([name]) => isReachable(parentOf(name)))
      .map(([name, file]) => [name, file === 'directory' ? file : bytesOf(file)]),
  )
}

const parentOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')))

const namesOf = (change: NameChange): readonly string[] =>
  change.kind === 'rename' ? [change.from, change.to] : [change.name]

const changeNames = (names: Names, change: NameChange, file: File | 'directory'): void => {
  if (change.kind === 'unlink') return void names.delete(change.name)
  if (change.kind !== 'rename') return void names.set(change.name, file)
  names.delete(change.from)
  names.set(change.to, file)
}

const write = (file: File, offset: number, bytes: Buffer): void => {
  const end = offset + bytes.length
  const sizeBefore = file.current.length
  if (end > sizeBefore) file.current = resized(file.current, end)
  bytes.copy(file.current, offset)
  // Growing past a hole fills the hole, too.
  noteSectors(file, Math.min(offset, sizeBefore), end)
}

const truncate = (file: File, size: number): void => {
  const sizeBefore = file.current.length
  file.current = resized(file.current, size)
  noteSectors(file, Math.min(size, sizeBefore), Math.max(size, sizeBefore))
}

/** Notes what the sectors between two offsets hold now: none of the bytes beyond the end, if it shrank. */
const noteSectors = ({ current, unsynced }: File, from: number, to: number): void => {
  for (let at = Math.floor(from / sectorBytes); at * sectorBytes < to; at++) {
    const versions = unsynced.get(at) ?? []
    versions.push(Buffer.from(sectorOf(current, at)))
    unsynced.set(at, versions)
  }
}

const sync = (file: File): void => {
  const { current, unsynced, stranded } = file
  for (const at of unsynced.keys()) stranded.delete(at)
  const platter = Buffer.from(current)
  for (const at of stranded.keys()) {
    const before = sectorOf(file.platter, at)
    platter.fill(0, at * sectorBytes, Math.min(platter.length, (at + 1) * sectorBytes))
    before.copy(platter, at * sectorBytes)
  }
  file.platter = platter
  unsynced.clear()
}

const strand = ({ current, unsynced, stranded }: File): void => {
  for (const at of unsynced.keys()) stranded.set(at, Buffer.from(sectorOf(current, at)))
  unsynced.clear()
}

const tear = ({ current, platter, unsynced, stranded }: File, random: Random): Buffer => {
  const size = random.pick([platter.length, current.length])
  const left = resized(platter, size)
  const put = (at: number, bytes: Buffer) => {
    if (at * sectorBytes < size) bytes.copy(left, at * sectorBytes)
  }
  for (const [at, bytes] of stranded) if (random.below(2) === 0) put(at, bytes)
  for (const [at, versions] of unsynced) {
    const version = versions[random.below(versions.length + 1)]
    if (version) put(at, version)
  }
  return left
}

const sectorOf = (bytes: Buffer, at: number): Buffer =>
  bytes.subarray(at * sectorBytes, (at + 1) * sectorBytes)

const resized = (bytes: Buffer, size: number): Buffer => {
  const made = Buffer.alloc(size)
  bytes.copy(made)
  return made
}
