/** The rejected lines of an import, all of them, as NDJSON beside the catalog. */

import { open } from 'node:fs/promises'
import type { Rejection } from './product-batch.ts'

export interface RejectsFile {
  add(rejections: readonly Rejection[]): Promise<void>
  /** Its length now, to go on from. */
  bytes(): number
  close(): Promise<void>
}

/** Opens the file, cut to the `bytes` that an interrupted import had counted. */
export const createRejectsFile = async (path: string, bytes: number): Promise<RejectsFile> => {
  const handle = await open(path, bytes === 0 ? 'w' : 'a+')
  // A file that is shorter than what was counted is another one: what it has is kept.
  let length = Math.min(bytes, (await handle.stat()).size)
  await handle.truncate(length)
  return {
    add: async (rejections) => {
      if (rejections.length === 0) return
      const text = rejections.map((rejection) => `${JSON.stringify(rejection)}\n`).join('')
      await handle.appendFile(text)
      length += Buffer.byteLength(text)
    },
    bytes: () => length,
    close: () => handle.close(),
  }
}
