/** What the figures were measured on, in a line: without it they say nothing. */

import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { percentile } from './measure.ts'

export interface Machine {
  readonly cores: number
  readonly processor: string
  readonly memoryMB: number
  readonly platform: string
  readonly node: string
  /** How long the disk takes to make 4 KiB durable, which every durable write waits for. */
  readonly fsyncMs: number
}

/** Measures the disk in `directory`, where the nodes will keep their data. */
export const describeMachine = (directory: string): Machine => {
  const [first, ...others] = cpus()
  return {
    cores: others.length + 1,
    processor: first?.model.trim() ?? 'unknown',
    memoryMB: Math.round(totalmem() / 1_048_576),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    fsyncMs: fsyncMs(directory),
  }
}

export const machineText = ({ cores, processor, memoryMB, platform, node, fsyncMs }: Machine) =>
  `${cores} cores (${processor}), ${(memoryMB / 1_024).toFixed(1)} GiB, ${platform}, ` +
  `Node ${node}, fsync ${fsyncMs.toFixed(2)} ms`

const fsyncMs = (directory: string): number => {
  const file = join(directory, 'fsync')
  const descriptor = openSync(file, 'w')
  const page = new Uint8Array(4_096)
  try {
    const times = Array.from({ length: 100 }, () => {
      writeSync(descriptor, page)
      const start = performance.now()
      fsyncSync(descriptor)
      return performance.now() - start
    })
    return percentile(times, 0.5)
  } finally {
    closeSync(descriptor)
    rmSync(file)
  }
}
