/**
 * Plain text out of the HTML that shops keep their descriptions in.
 *
 * It is for reading, not for safety: whoever shows the text escapes it as any other text. Every step
 * is one pass over the input, so that a hostile description costs what its length costs.
 */

/** The words of `html`, with a line break where a browser would start a new block. */
export const plainText = (html: string): string => {
  const words: string[] = []
  let at = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open < 0) {
      words.push(html.slice(at))
      break
    }
    words.push(html.slice(at, open))
    const tag = tagAt(html, open)
    words.push(tag.stands)
    at = tag.end
  }
  return tidied(withEntities(words.join('')))
}

// What a tag stands for in text, and where it ends. A "<" that begins no tag is a plain character.
const tagAt = (html: string, open: number): { readonly stands: string; readonly end: number } => {
  if (html.startsWith('<!--', open)) return { stands: '', end: after(html, '-->', open) }
  const name = tagName.exec(html.slice(open + 1, open + 1 + tagNameCharsMax))?.[1]?.toLowerCase()
  if (name === undefined) return { stands: '<', end: open + 1 }
  const end = after(html, '>', open)
  if (hidden.has(name) && html[open + 1] !== '/') {
    const close = new RegExp(`</${name}`, 'gi')
    close.lastIndex = end
    const closeAt = close.exec(html)?.index ?? html.length
    return { stands: '', end: after(html, '>', closeAt) }
  }
  return { stands: blocks.has(name) ? '\n' : '', end }
}

const tagName = /^[/!?]?([a-z][a-z0-9]*)/i
const tagNameCharsMax = 16

const hidden = new Set(['script', 'style', 'head', 'template'])
const blocks = new Set(
  `address article blockquote br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre section table tbody
  tr ul`.split(/\s+/),
)

// The place after the next `mark`; the end if there is none.
const after = (html: string, mark: string, from: number): number => {
  const found = html.indexOf(mark, from)
  return found < 0 ? html.length : found + mark.length
}

const withEntities = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));/g, entityText)

const entityText = (entity: string, decimal?: string, hex?: string, name?: string): string => {
  if (name !== undefined) return named.get(name) ?? entity
  const code = decimal !== undefined ? Number(decimal) : parseInt(hex ?? '', 16)
  const isScalar = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return isScalar ? String.fromCodePoint(code) : ''
}

const named: ReadonlyMap<string, string> = new Map(
  Object.entries({
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    nbsp: ' ',
    ndash: '–',
    mdash: '—',
    lsquo: '‘',
    rsquo: '’',
    ldquo: '“',
    rdquo: '”',
    hellip: '…',
    bull: '•',
    middot: '·',
    deg: '°',
    times: '×',
    frac12: '½',
    eacute: 'é',
    copy: '©',
    reg: '®',
    trade: '™',
  }),
)

// Spaces run together as in a browser, and lines are trimmed; control characters show nothing.
const tidied = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    // oxlint-disable-next-line no-control-regex -- removing them is the purpose
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
    .split('\n')
    .map((line) => line.replace(/[\s\u00a0]+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n')
