import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deviceOf } from '../../../../node/identity/device.ts'
import { deviceLengthMax } from '../../../../node/identity/limits.ts'

describe('a device', () => {
  it.each([
    ['Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Windows'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36',
      'Chrome on macOS',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/139.0 Safari/537.36 Edg/139.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1',
      'Safari on iPhone',
    ],
    ['curl/8.14.1', 'curl'],
    ['', 'Unknown device'],
    [undefined, 'Unknown device'],
  ])('that calls itself %s is %s', (userAgent, device) => {
    expect(deviceOf(userAgent)).toBe(device)
  })

  it('has a short name of plain characters, whatever a client sends', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (userAgent) => {
        const device = deviceOf(userAgent)
        expect(device.length).toBeLessThanOrEqual(deviceLengthMax)
        expect(device).toMatch(/^[\w. -]+$/)
      }),
    )
  })
})
