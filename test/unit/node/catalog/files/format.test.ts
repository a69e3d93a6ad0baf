/** How a file tells its format. */

import { expect, test } from 'vitest'
import { formatOf } from '../../../../../node/catalog/files/format.ts'
import { bytesOf } from './bytes.ts'

test.each([
  ['catalog.ndjson', '{"sku":"a"}', 'ndjson'],
  ['catalog.txt', '\ufeff\n {"sku":"a"}', 'ndjson'],
  ['catalog.ndjson', '', 'ndjson'],
  ['broken.ndjson', 'oops\n{"sku":"a"}', 'ndjson'],
  ['products_export.csv', 'Handle,Title\n', 'shopify-csv'],
  ['products', '"Handle","Title"\r\n', 'shopify-csv'],
  ['new.csv', 'Title,URL handle,Description\n', 'shopify-csv'],
])('%s beginning with %j is %s', (name, head, format) => {
  expect(formatOf(name, bytesOf(head))).toEqual({ ok: true, value: format })
})

test.each([
  ['catalog.json', '[{"sku":"a"}]', 'JSON array'],
  ['orders.csv', 'id,total\n1,2\n', 'no column Handle'],
  ['photo.jpg', '\u0000\u0001', 'neither'],
])('%s beginning with %j is no catalog', (name, head, reason) => {
  expect(formatOf(name, bytesOf(head))).toMatchObject({
    ok: false,
    refusal: expect.stringContaining(reason),
  })
})
