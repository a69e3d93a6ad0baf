/** An import by the command line, as an operator does it, with its time and memory. */

import type { AtollNode, Stage } from '../stage.ts'
import { pause } from '../measure.ts'

export interface Import {
  readonly seconds: number
  readonly created: number
  readonly importerMB: number
  readonly nodeMB: number
}

/** Imports `file` into `node`; every product of it must be new. */
export const importFile = async (stage: Stage, node: AtollNode, file: string): Promise<Import> => {
  const startMs = performance.now()
  const importer = stage.run([
    'node/main.ts',
    'import',
    file,
    '--to',
    node.url,
    '--state',
    stage.path('import-state'),
  ])
  const ended = importer.ended().then((end) => ({ ...end, endMs: performance.now() }))
  let importerMB = Number.NaN
  let end: Awaited<typeof ended> | undefined
  // Its memory can be asked for only while it runs.
  while (!end) {
    const peak = importer.peakMB()
    if (Number.isFinite(peak)) importerMB = peak
    end = await Promise.race([ended, pause(20)])
  }
  const { code, output, endMs } = end
  const [, created = ''] = /([\d,]+) created/.exec(output) ?? []
  if (code !== 0)
    throw new Error(`The import of ${file} ended with ${code}: ${output.slice(-2_000)}`)
  return {
    seconds: (endMs - startMs) / 1_000,
    created: Number(created.replaceAll(',', '')),
    importerMB,
    nodeMB: node.child.peakMB(),
  }
}
