/**
 * Takes the real world's time and chance away while a simulation runs: whoever asks for them has
 * reached past what is passed in, and the run is not a function of its seed.
 */

import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

/** What the simulation itself may use, taken before it is frozen. */
export const realWorld = {
  setImmediate: globalThis.setImmediate,
  now: performance.now.bind(performance),
}

const refuse = (name: string) => (): never => {
  throw new Error(`${name} was used inside the simulation; time and chance are passed in`)
}

/** Freezes this thread for good: a worker of the simulator does nothing else. */
export const freeze = (): void => {
  const timers = ['setTimeout', 'setInterval', 'setImmediate'] as const
  for (const name of timers) Object.assign(globalThis, { [name]: refuse(name) })
  Math.random = refuse('Math.random')
  performance.now = refuse('performance.now')
  Date.now = refuse('Date.now')
  globalThis.Date = new Proxy(Date, {
    construct: (target, given: readonly unknown[]) =>
      given.length === 0 ? refuse('new Date()')() : new target(...(given as [number])),
    apply: refuse('Date()'),
  })
  for (const name of ['randomBytes', 'randomUUID', 'randomInt', 'randomFillSync'] as const) {
    Object.assign(crypto, { [name]: refuse(`crypto.${name}`) })
  }
  globalThis.crypto.getRandomValues = refuse('crypto.getRandomValues')
  syncBuiltinESMExports()
}
