/**
 * A private file: one that holds a secret, is readable by the node's own user alone, and is there
 * whole or not at all, whatever moment the power fails.
 */

import * as fs from 'node:fs'
import { platform } from 'node:os'
import { dirname } from 'node:path'

const ownerOnly = 0o600

/** The file's text, or undefined if there is no such file. */
export const readPrivateFile = (path: string): string | undefined => {
  let text: string
  try {
    text = fs.readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  // A copied data directory may have come out readable for everyone.
  fs.chmodSync(path, ownerOnly)
  return text
}

export const writePrivateFile = (path: string, text: string): void => {
  fs.mkdirSync(dirname(path), { recursive: true })
  const unfinished = `${path}.new`
  // What an earlier attempt left behind would keep its own mode.
  fs.rmSync(unfinished, { force: true })
  const file = fs.openSync(unfinished, 'wx', ownerOnly)
  try {
    fs.writeSync(file, text)
    fs.fsyncSync(file)
  } finally {
    fs.closeSync(file)
  }
  fs.renameSync(unfinished, path)
  syncDirectory(dirname(path))
}

// The new name is durable when its directory is. Windows cannot open a directory, and need not.
const syncDirectory = (path: string): void => {
  if (platform() === 'win32') return
  const directory = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(directory)
  } finally {
    fs.closeSync(directory)
  }
}
