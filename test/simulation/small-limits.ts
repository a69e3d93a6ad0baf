/**
 * The product's limits, so small that a small run meets them: windows that close, batches that are cut,
 * documents that leave the cache, pulls of many rounds. Half of all seeds run with them.
 */

import type { Patch } from './planted/plant.ts'

const limit = (file: string, name: string, from: string, to: string): Patch => ({
  file,
  find: `export const ${name} = ${from}\n`,
  replace: `export const ${name} = ${to}\n`,
})

const sync = (name: string, from: string, to: string) => limit('sync/limits.ts', name, from, to)
const core = (name: string, from: string, to: string) =>
  limit('node/core/limits.ts', name, from, to)

export const smallLimits: readonly Patch[] = [
  sync('frameBytesMax', '256 * kibibyte', '8 * kibibyte'),
  sync('readBytesMax', '240 * kibibyte', '6 * kibibyte'),
  sync('inFlightBytesMax', '16 * mebibyte', '24 * kibibyte'),
  sync('receivedBytesMax', '2 * mebibyte', '16 * kibibyte'),
  sync('receivedFramesMax', '256', '8'),
  sync('batchBytesMax', 'mebibyte', '4 * kibibyte'),
  sync('bufferedBytesHigh', 'mebibyte', '12 * kibibyte'),
  sync('surveyLevelMax', '11', '2'),
  sync('comparedMax', '128', '4'),
  sync('fetchBytesMax', '240 * kibibyte', '2 * kibibyte'),
  sync('readKeysMax', '256', '4'),
  limit('sync/listing.ts', 'listedMax', '16', '2'),
  core('cachedDocumentsMax', '2_048', '4'),
  core('batchCommandsMax', '1_024', '4'),
  core('batchCommandsMin', '64', '1'),
  core('sliceChangesMin', '16', '2'),
  core('sliceChangesMax', '1_024', '4'),
  core('foldChangesMin', '32', '2'),
  core('foldChangesMax', '512', '4'),
  core('joinDocumentsMin', '4', '1'),
  core('joinDocumentsMax', '256', '3'),
  core('rebuildBatchBytes', '4 * 1_024 * 1_024', '4 * 1_024'),
]
