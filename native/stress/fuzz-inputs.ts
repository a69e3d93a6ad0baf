/**
 * The fuzzer's process: changes inputs that ran something new, runs them, and keeps those that do so
 * again. The input at work lies in a file, where it is found if the process dies of it.
 */

import { openSync, readFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setImmediate as turn } from 'node:timers/promises'
import type { Addon } from '../addon.ts'
import { createLocalMemory } from '../fallback/local-memory.ts'
import { createSharedMemory } from '../shared-memory.ts'
import { runProgram } from './fuzz-program.ts'

/** A build with a sanitizer tells no coverage: then every input is a change of a first one. */
interface Covered extends Addon {
  takeCoverage?(): number
  knownBlocks?(): number
}

const [module = '', file = '', inputs = '0', seed = '1', replayed] = process.argv.slice(2)
const addon = createRequire(import.meta.url)(module) as Covered
const ours = createSharedMemory(addon)
const twin = createLocalMemory()

const findingOf = (input: Uint8Array): string | undefined => {
  try {
    return runProgram(input, ours, twin)
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
}

let state = Number(seed) | 0
/** Mulberry32: any number below `below`, the same for each seed. */
const random = (below: number): number => {
  state = (state + 0x6d2b79f5) | 0
  let word = Math.imul(state ^ (state >>> 15), 1 | state)
  word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
  return Math.floor((((word ^ (word >>> 14)) >>> 0) / 2 ** 32) * below)
}

const inputBytesMax = 160
const corpusMax = 4_096
const blindCorpus = 256
const corpus: Uint8Array[] = Array.from(
  { length: 6 },
  (_, kind) => new Uint8Array([kind, 0, 4, 0, 1, 0, 1]),
)

const scratch = new Uint8Array(inputBytesMax * 2)
const changed = (): Uint8Array => {
  const from = corpus[random(corpus.length)]
  let length = from.length
  scratch.set(from)
  for (let changes = 1 + random(5); changes > 0; changes--) {
    const at = random(length + 1)
    switch (random(6)) {
      case 0:
        scratch[at] = scratch[at] ^ (1 << random(8))
        break
      case 1:
        scratch[at] = random(256)
        break
      case 2:
        // A byte more.
        scratch.copyWithin(at + 1, at, length)
        scratch[at] = random(256)
        break
      case 3:
        // Some bytes fewer.
        scratch.copyWithin(at, at + 1 + random(4), length)
        length = Math.max(1, length - 1)
        break
      case 4: {
        // The end of another one, behind.
        const other = corpus[random(corpus.length)]
        const tail = other.subarray(random(other.length))
        scratch.set(tail, at)
        length = at + tail.length
        break
      }
      default:
        for (let more = 0; more < 6; more++) scratch[length++] = random(256)
    }
    length = Math.min(Math.max(length, at + 1), inputBytesMax)
  }
  return scratch.subarray(0, length)
}

const fail = (input: Uint8Array, finding: string): never => {
  process.stdout.write(`FOUND: ${finding}\ninput: ${Buffer.from(input).toString('hex')}\n`)
  process.exit(1)
}

if (replayed !== undefined) {
  const input = new Uint8Array(Buffer.from(replayed, 'hex'))
  const finding = findingOf(input)
  if (finding !== undefined) fail(input, finding)
  process.exit(0)
}

const last = openSync(file, 'w')
const count = Number(inputs)
for (let done = 0; done < count; done++) {
  const input = changed()
  // Its length first, so that a shorter one hides what is left of a longer.
  writeSync(last, Uint8Array.of(input.length, ...input), 0, input.length + 1, 0)
  const finding = findingOf(input)
  if (finding !== undefined) fail(input, finding)
  const isNew = addon.takeCoverage ? addon.takeCoverage() > 0 : corpus.length < blindCorpus
  if (isNew && corpus.length < corpusMax) corpus.push(input.slice())
  // Functions that nobody listens to any more are closed between two turns.
  if (done % 256 === 0) await turn()
}
addon.collect()
await turn()
const { askedBytes } = ours.usage()
if (askedBytes > 0)
  fail(new Uint8Array(readFileSync(file)), `${askedBytes} bytes are held by nobody`)
process.stdout.write(
  `${count} inputs, ${corpus.length} kept, ${addon.knownBlocks?.() ?? 'unknown'} blocks of the module run, no difference\n`,
)
