/** A disk of a few megabytes, mounted where nobody else sees it, that can be filled and emptied. */

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newDataDir, pause } from './node-process.ts'

export interface SmallDisk {
  /** Where it is, for processes that run within it. */
  readonly path: string
  /** What to put before a command so that it sees the disk. */
  readonly within: readonly string[]
  /** The same place as this process sees it. */
  readonly outside: string
  freeBytes(): number
  /** Takes all the room that is left but for `bytes`. */
  fill(bytes?: number): void
  /** Gives it back. */
  empty(): void
  close(): void
}

/** Why there can be no such disk here, or undefined if there can. */
export const whyNoSmallDisk = (): string | undefined => {
  if (process.platform !== 'linux') return 'a private mount takes Linux'
  const tried = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt'])
  return tried.status === 0 ? undefined : 'this user may not mount in a namespace of its own'
}

export const openSmallDisk = async (megabytes: number): Promise<SmallDisk> => {
  const path = newDataDir()
  const script = `mount -t tmpfs -o size=${megabytes}m none ${path} && echo ready && exec sleep infinity`
  const holder = spawn('unshare', ['-m', 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await new Promise((resolve) => {
    holder.stdout.once('data', resolve)
    holder.once('close', resolve)
  })
  const pid = holder.pid ?? 0
  const outside = `/proc/${pid}/root${path}`
  for (let tries = 0; !existsSync(outside) && tries < 100; tries++) await pause(10)
  const ballast = join(outside, 'ballast')
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(outside)
    return bavail * bsize
  }
  return {
    path,
    outside,
    within: ['nsenter', `--mount=/proc/${pid}/ns/mnt`],
    freeBytes,
    fill: (bytes = 0) => {
      // In pieces, because what a node writes meanwhile takes room, too.
      for (let step = 1 << 20; step >= 1; step = Math.floor(step / 4)) {
        while (freeBytes() - step >= bytes && append(ballast, step));
      }
    },
    empty: () => rmSync(ballast, { force: true }),
    close: () => void holder.kill('SIGKILL'),
  }
}

const append = (file: string, bytes: number): boolean => {
  try {
    writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' })
    return true
  } catch {
    return false
  }
}
