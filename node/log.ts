/** The node's structured log: one JSON object a line, secrets blotted out, errors with their cause. */

import { pino, stdSerializers, stdTimeFunctions, type DestinationStream, type Logger } from 'pino'

export type Log = Logger

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

// Blotted out at the top of a line and one object deeper, where requests and configurations are.
const secretNames = [
  'accessToken',
  'authorization',
  'clusterKey',
  'cookie',
  'password',
  'refreshToken',
  'secret',
  'token',
  '["x-cart-token"]',
]
const secretPaths = secretNames.flatMap((name) => [
  name,
  name.startsWith('[') ? `*${name}` : `*.${name}`,
])

/** A log whose lines carry the node's name. Lines go to standard output unless told otherwise. */
export const createLog = (options: {
  readonly name: string
  readonly level: LogLevel
  readonly destination?: DestinationStream
}): Log => {
  const settings = {
    level: options.level,
    base: { node: options.name },
    messageKey: 'message',
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretPaths, censor: '[secret]' },
    serializers: { err: stdSerializers.errWithCause },
  }
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination)
}
