/** What a session's device is called in the list of sessions: the browser and system it names itself. */

import { deviceLengthMax } from './limits.ts'

// The more special name first: every browser claims to be several others too.
const browsers = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['SamsungBrowser', 'Samsung Internet'],
  ['Firefox', 'Firefox'],
  ['FxiOS', 'Firefox'],
  ['CriOS', 'Chrome'],
  ['Chrome', 'Chrome'],
  ['Safari', 'Safari'],
] as const

const systems = [
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Android', 'Android'],
  ['Windows', 'Windows'],
  ['Macintosh', 'macOS'],
  ['CrOS', 'ChromeOS'],
  ['Linux', 'Linux'],
] as const

/** `Firefox on Windows`; of a program, the name that its User-Agent begins with. */
export const deviceOf = (userAgent: string | undefined): string => {
  if (userAgent === undefined) return unknownDevice
  const named = (names: readonly (readonly [mark: string, name: string])[]) =>
    names.find(([mark]) => userAgent.includes(mark))?.[1]
  const browser = named(browsers)
  const system = named(systems)
  if (browser !== undefined && system !== undefined) return `${browser} on ${system}`
  const [program] = /^[\w.-]+/.exec(userAgent) ?? []
  return browser ?? program?.slice(0, deviceLengthMax) ?? unknownDevice
}

const unknownDevice = 'Unknown device'
