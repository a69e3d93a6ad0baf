/** A page of a map's scan: for each entry the lengths of key and value, little-endian, the key, the value. */

export const readEntries = (
  page: Uint8Array,
  count: number,
  visit: (key: Uint8Array, value: Uint8Array) => void,
): void => {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  let at = 0
  for (let entry = 0; entry < count; entry++) {
    const keyEnd = at + headBytes + view.getUint32(at, true)
    const valueEnd = keyEnd + view.getUint32(at + 4, true)
    visit(page.subarray(at + headBytes, keyEnd), page.subarray(keyEnd, valueEnd))
    at = valueEnd
  }
}

const headBytes = 8
