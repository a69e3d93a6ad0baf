/** Plain text out of descriptions in HTML. */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainText } from '../../../../../node/catalog/files/plain-text.ts'

test.each([
  ['<p>Metal <b>trowel</b>&nbsp;&amp; fork</p>', 'Metal trowel & fork'],
  ['<ul><li>one</li><li>two</li></ul>', 'one\ntwo'],
  ['line<br/>break', 'line\nbreak'],
  ['a < b and 5 > 3', 'a < b and 5 > 3'],
  ['&lt;b&gt; &#65; &#x1F41F; &unknown; &#0; &#55296;', '<b> A 🐟 &unknown;'],
  ['x<script>alert("<p>1</p>")</SCRIPT >y<style>p{}</style>z', 'xyz'],
  ['before<!-- <p>hidden</p> -->after', 'beforeafter'],
  ['cut off <a href="', 'cut off'],
  ['<script>never closed', ''],
  ['  many\r\n   spaces\t here ', 'many\nspaces here'],
  ['', ''],
])('%j reads %j', (html, text) => {
  expect(plainText(html)).toBe(text)
})

test('leaves text without markup as it is', () => {
  const words = fc.stringMatching(/^[a-z0-9]+( [a-z0-9]+){0,5}$/)
  fc.assert(
    fc.property(words, (text) => {
      expect(plainText(text)).toBe(text)
    }),
  )
})

test('costs what its length costs, whatever it holds', () => {
  for (const piece of ['<', '<p', '<!--', '&', '<script>', '</', '<a "']) {
    const html = piece.repeat(200_000)
    const startMs = performance.now()
    plainText(html)
    expect(performance.now() - startMs).toBeLessThan(2_000)
  }
})
