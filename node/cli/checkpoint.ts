/**
 * How far an import came, kept beside the file so that an interrupted one goes on there.
 *
 * It names the file by its size, time and beginning, and the node: for another file or another node
 * it does not count. Losing it costs only time, because batches are idempotent by SKU; so it is
 * replaced by rename but not fsynced.
 */

import { createHash } from 'node:crypto'
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { jsonOf } from './json.ts'

const count = z.number().int().min(0)

const rejectionSchema = z.strictObject({
  line: count,
  reason: z.string(),
  sku: z.string().optional(),
  code: z.string().optional(),
})

const tallySchema = z.strictObject({
  created: count,
  updated: count,
  unchanged: count,
  rejected: count,
  rejections: z.array(rejectionSchema).readonly(),
})

const identitySchema = z.strictObject({
  bytes: count,
  modifiedMs: z.number(),
  /** SHA-256 of the first MiB, hexadecimal. */
  head: z.string(),
  node: z.string(),
  currency: z.string().optional(),
})

const checkpointSchema = z.strictObject({
  version: z.literal(1),
  of: identitySchema,
  /** Every entry of the file up to this line has been answered. */
  line: count,
  tally: tallySchema,
  /** Length of the rejects file that goes with it. */
  rejectsBytes: count,
})

export type ImportIdentity = z.infer<typeof identitySchema>
export type Checkpoint = Omit<z.infer<typeof checkpointSchema>, 'version'>

const headBytes = 1024 * 1024

/** Which import this is: the file as it stands, and where it goes. With it, how the file begins. */
export const identify = async (
  file: string,
  { node, currency }: { readonly node: URL; readonly currency?: string | undefined },
): Promise<{ readonly identity: ImportIdentity; readonly head: Uint8Array }> => {
  const handle = await open(file)
  try {
    const { size, mtimeMs } = await handle.stat()
    const buffer = Buffer.alloc(Math.min(size, headBytes))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
    const head = buffer.subarray(0, bytesRead)
    const identity = {
      bytes: size,
      modifiedMs: mtimeMs,
      head: createHash('sha256').update(head).digest('hex'),
      node: node.href,
      ...(currency !== undefined && { currency }),
    }
    return { identity, head }
  } finally {
    await handle.close()
  }
}

export const checkpointPath = (file: string, directory?: string): string => {
  const name = `${file}.atoll-import.json`
  return directory === undefined ? name : join(directory, basename(name))
}

/** The checkpoint of this very import; undefined if there is none, or another's, or it is broken. */
export const readCheckpoint = async (
  path: string,
  of: ImportIdentity,
): Promise<Checkpoint | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  const parsed = checkpointSchema.safeParse(jsonOf(text))
  if (!parsed.success || JSON.stringify(parsed.data.of) !== JSON.stringify(of)) return undefined
  return parsed.data
}

export const writeCheckpoint = async (path: string, checkpoint: Checkpoint): Promise<void> => {
  const unfinished = `${path}.part`
  await writeFile(unfinished, JSON.stringify({ version: 1, ...checkpoint }))
  await rename(unfinished, path)
}

export const removeCheckpoint = (path: string): Promise<void> => rm(path, { force: true })
