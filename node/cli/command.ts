/** What a command of the operator is given, and how it ends. */

import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { ok, refused, type Result } from '../result.ts'
import type { ClientDeps } from './patient-fetch.ts'

/** A terminal or a file. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  /** Of the terminal. */
  readonly columns?: number
}

export interface CommandDeps extends ClientDeps {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted when the operator interrupts. */
  readonly signal?: AbortSignal
}

/** What a command gets that has the process to itself. */
export interface ProcessDeps extends CommandDeps {
  /** Trades a little speed for the memory that a long stream of short-lived values would take. */
  readonly keepHeapSmall: () => void
}

export const exitCodes = {
  done: 0,
  /** It ended, and not everything went in. */
  rejected: 1,
  /** Wrong usage, an unreadable file, an unreachable node. */
  failed: 2,
  /** What shells expect after Ctrl-C. */
  interrupted: 130,
} as const

/** Flags and positionals, or what is wrong with them. Every flag takes a text or nothing. */
export const parseCommand = <const O extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: O,
) => {
  try {
    return ok(parseArgs({ args: [...args], options, allowPositionals: true, strict: true }))
  } catch (cause) {
    return refused(cause instanceof Error ? cause.message : String(cause))
  }
}

/** The address of a node as the operator gave it. */
export const nodeUrl = (text: string): Result<URL, string> => {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return refused(`${text} is no address of a node, such as http://127.0.0.1:4001`)
  }
  if (url.username !== '' || url.password !== '') {
    return refused('an address must not hold a password; use --email and --password')
  }
  return ok(url)
}

/** What a file or a node said, without what could move a terminal's cursor. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '·')

/** A failure of the machine below us (no such file, disk full), told by its code. */
export const isSystemError = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error
