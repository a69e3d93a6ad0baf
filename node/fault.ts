/**
 * A fault is a failure of the world: a disk, a network, a database. It is thrown, and the HTTP shell
 * answers it with its code; what a caller could act on is a `Refusal` and is returned instead.
 */

import type { ErrorCode } from './errors.ts'

export class Fault extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options)
    this.name = 'Fault'
    this.code = code
  }
}
