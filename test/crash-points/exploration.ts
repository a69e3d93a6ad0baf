/**
 * Goes through what a disk may hold after a crash: runs the writer again and again on one directory,
 * makes it fail at a random operation, and opens what would be left at many moments of each run.
 */

import { createDisk, type Disk, type Image } from './disk.ts'
import { hear, nothingClaimed, whatIsWrong, type Claims, type Sightings } from './claims.ts'
import { materialise, type Run, type Workshop } from './preloaded.ts'
import { seededRandom, type Random } from './random.ts'

export interface ExplorationPlan {
  readonly seed: number
  /** Runs on one directory, each on what the one before left. */
  readonly runs: number
  /** Moments of each run that are looked at, beside its end. */
  readonly momentsPerRun: number
  /** What the writer forces on its database, to see that it is found out. */
  readonly synchronous?: string
}

export interface Exploration {
  /** How many times what was left was opened and examined. */
  readonly points: number
  readonly violations: readonly Violation[]
  readonly acknowledgedGroups: number
  /** How runs ended, by what was done to them. */
  readonly ends: ReadonlyMap<string, number>
}

export interface Violation {
  /** Where it was found, well enough to find it again: the seed, the run, the event, what was left. */
  readonly where: string
  readonly what: readonly string[]
}

type Left = 'kept' | 'synced' | 'torn'
const kinds: readonly Left[] = ['kept', 'synced', 'torn']

const groupsPerRun = 24

export const explore = async (
  workshop: Workshop,
  { seed, runs, momentsPerRun, synchronous }: ExplorationPlan,
): Promise<Exploration> => {
  const random = seededRandom(seed)
  const sightings: Sightings = new Map()
  const violations: Violation[] = []
  const ends = new Map<string, number>()
  let claims = nothingClaimed
  let points = 0
  let image: Image = new Map()
  let disk = createDisk(image)

  const examine = (left: Left, heard: Claims, where: string): void => {
    const place = workshop.place()
    materialise(leftOf(disk, left, random), place)
    const what = whatIsWrong(place, heard, sightings)
    workshop.remove(place)
    points++
    if (what.length > 0) violations.push({ where: `${where}, ${left}`, what })
  }

  for (let number = 0; number < runs && violations.length === 0; number++) {
    const crash = planCrash(random)
    const writerSeed = random.below(2 ** 31)
    const run = await workshop.run({
      from: image,
      seed: writerSeed,
      run: number,
      groups: groupsPerRun,
      ...(crash && { crash }),
      ...(synchronous && { synchronous }),
    })
    const where = (event: number) => `seed ${seed}, run ${number} (${crash ?? 'whole'}), ${event}`
    const moments = momentsOf(run, momentsPerRun, random)
    disk.begin(run.fileNumbers)
    for (const [at, event] of run.events.entries()) {
      if (event.kind === 'say') claims = hear(claims, [event])
      else disk.apply(event)
      if (!moments.has(at)) continue
      for (const left of kinds) examine(left, claims, where(at))
    }
    violations.push(...mistakesOf(run, disk, { crash, where: where(run.events.length) }))
    if (new Set(claims.replicas).size !== claims.replicas.length) {
      violations.push({ where: where(run.events.length), what: ['a replica was minted twice'] })
    }
    const end = `${crash?.split('@')[0] ?? 'whole'}: ${run.end.signal ?? run.end.code}`
    ends.set(end, (ends.get(end) ?? 0) + 1)
    // Either the process is started again, or the machine is; then what was not synced may be gone.
    const left = random.pick(kinds)
    image = leftOf(disk, left, random)
    if (left !== 'kept') disk = createDisk(image)
  }
  return { points, violations, acknowledgedGroups: claims.acknowledged.size, ends }
}

const leftOf = (disk: Disk, left: Left, random: Random): Image =>
  left === 'torn' ? disk.torn(random) : disk[left]()

/** Operations of a run are some eight hundred, of its opening some sixty. */
const planCrash = (random: Random): string | undefined => {
  const at = 1 + random.below(random.below(4) === 0 ? 80 : 900)
  switch (random.below(7)) {
    case 0:
      return undefined
    case 1:
    case 2:
      return `kill@${at}`
    case 3:
      return `tear@${at}`
    case 4:
    case 5:
      // Killed at once, it cannot tidy up behind the failure.
      return `eio@${at}+${random.below(3)}`
    default:
      return `full@${at}+${1 + random.below(60)}`
  }
}

const momentsOf = ({ events }: Run, count: number, random: Random): ReadonlySet<number> =>
  new Set([events.length - 1, ...Array.from({ length: count }, () => random.below(events.length))])

/** What shows that the run itself, or our account of it, is not to be trusted. */
const mistakesOf = (
  { left, end, complaints }: Run,
  disk: Disk,
  { crash, where }: { readonly crash: string | undefined; readonly where: string },
): readonly Violation[] => {
  const what: string[] = []
  const kept = disk.kept()
  for (const name of new Set([...kept.keys(), ...left.keys()])) {
    const [ours, real] = [kept.get(name), left.get(name)]
    const isSame =
      Buffer.isBuffer(ours) && Buffer.isBuffer(real) ? ours.equals(real) : ours === real
    if (!isSame) what.push(`the trace does not account for ${name}`)
  }
  const expected = crash === undefined ? ['0'] : ['0', '70', 'SIGKILL']
  if (!expected.includes(`${end.signal ?? end.code}`)) {
    what.push(`the writer ended with ${end.signal ?? end.code}: ${complaints.slice(0, 2_000)}`)
  }
  return what.length > 0 ? [{ where, what }] : []
}
