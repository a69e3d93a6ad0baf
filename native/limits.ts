/** The limits of the structures, each with its reason. The C++ module enforces the same. */

/** Slots of one queue: 64 MiB. A longer backlog is an overload, and should be said and not stored. */
export const queueCapacityMax = 262_144
export const queueCapacityMin = 2

/** The length of one item: four times the largest change. */
export const itemBytesMax = 1_024 * 1_024

/** The length of a key: the longest document name, many times. */
export const keyBytesMax = 1_024

/** The length of a value: the largest document that is answered whole. */
export const valueBytesMax = 1_024 * 1_024

/** Entries that a map may be made ready for, with 512 MiB of words; it grows beyond by itself. */
export const mapExpectedMax = 16_777_216

/** Gates or buckets of one structure: each gate has two cache lines of its own, 128 MiB in all. */
export const cellsMax = 1_048_576

/** Units in a gate: a float64 holds them exactly. */
export const unitsMax = 2 ** 52

/** Tokens a bucket holds or gains in a second. */
export const rateMax = 1_000_000

/** How long a consumer may keep its thread while it waits: a turn of its event loop, not more. */
export const spinUsMax = 1_000

/** The time that buckets can tell, in milliseconds: a quarter of a year, then a process has long restarted. */
export const bucketMsMax = 2 ** 33

/** Memory of all structures of the process: a bound that no machine is beyond. */
export const memoryBytesMax = 2 ** 40
