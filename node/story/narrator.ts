/**
 * The narrator: what the story writes, on a terminal with colour, and anywhere else as plain lines.
 *
 * A text may have **strong words** in it. No line is wider than 100 columns, or than the terminal.
 */

import type { Output } from '../cli/command.ts'
import { pauseMsPerWord } from './limits.ts'

export interface Narrator {
  chapter(title: string): void
  /** An empty line. */
  gap(): void
  /** A paragraph, and the time it takes to read it. */
  say(text: string): Promise<void>
  /** Columns, numbers to the right; the first row is their heading if `hasHeading`. */
  table(rows: readonly (readonly string[])[], options?: { readonly hasHeading: boolean }): void
  /** Where one could look oneself. */
  look(where: string): void
  /** Something that was checked, what was found, and the time it takes to read it. */
  verdict(proof: {
    readonly name: string
    readonly holds: boolean
    readonly evidence: string
  }): Promise<void>
  /** Lines as they are, to be copied. */
  verbatim(lines: readonly string[]): void
}

export interface NarratorDeps {
  readonly output: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Waits so many milliseconds; resolves at once in a story that is not paced. */
  readonly wait: (ms: number) => Promise<void>
}

const widthMax = 100
const indent = '  '

export const createNarrator = ({ output, env, wait }: NarratorDeps): Narrator => {
  // A terminal that does not know its width says 0.
  const columns = output.isTTY ? output.columns || 80 : widthMax
  const width = Math.max(40, Math.min(widthMax, columns))
  const paint = painter(hasColour(output, env))
  const write = (line = ''): void => {
    output.write(`${line}\n`)
  }
  const read = (text: string): Promise<void> => wait(text.split(/\s+/).length * pauseMsPerWord)
  const paragraph = (text: string, style: (line: string) => string, hang = indent): void => {
    const lines = wrap(text, width - hang.length)
    for (const [at, line] of lines.entries()) write((at === 0 ? indent : hang) + style(line))
  }

  return {
    chapter: (title) => {
      write()
      write(paint.title(title))
      write()
    },
    gap: () => write(),
    say: async (text) => {
      paragraph(text, paint.strong)
      write()
      await read(text)
    },
    table: (rows, { hasHeading } = { hasHeading: false }) => {
      for (const [at, line] of aligned(rows, width - 2 * indent.length).entries()) {
        write(
          `${indent}${indent}${hasHeading && at === 0 ? paint.faint(line) : paint.strong(line)}`,
        )
      }
      write()
    },
    look: (where) => {
      paragraph(`look: ${where}`, paint.faint, `${indent}      `)
      write()
    },
    verdict: async ({ name, holds, evidence }) => {
      write(`${indent}${holds ? paint.good('✓') : paint.bad('✗')} ${paint.name(name)}`)
      const hang = `${indent}${indent}`
      for (const line of wrap(evidence, width - hang.length)) {
        write(`${hang}${holds ? paint.faint(line) : paint.bad(line)}`)
      }
      await read(`${name} ${evidence}`)
    },
    verbatim: (lines) => {
      for (const line of lines) write(`${indent}${indent}${line}`)
      write()
    },
  }
}

// https://no-color.org: set and not empty means no colour, whatever the terminal can do.
const hasColour = ({ isTTY }: Output, env: NarratorDeps['env']): boolean =>
  isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'

const strongWords = /\*\*(.+?)\*\*/gs

const painter = (isOn: boolean) => {
  const code = (on: number, off: number) => (text: string) =>
    isOn ? `\u001b[${on}m${text}\u001b[${off}m` : text
  const bold = code(1, 22)
  const plain = (text: string) => text.replace(strongWords, '$1')
  return {
    title: (text: string) => bold(code(36, 39)(text)),
    strong: (text: string) => text.replace(strongWords, (_, words: string) => bold(words)),
    name: bold,
    faint: (text: string) => code(2, 22)(plain(text)),
    good: code(32, 39),
    bad: (text: string) => code(31, 39)(plain(text)),
  }
}

const seenLength = (text: string): number => text.replace(strongWords, '$1').length

/** Lines of whole words, each at most `width` wide; a word that is wider by itself is left whole. */
const wrap = (text: string, width: number): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of wordsOf(text)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && seenLength(longer) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

// Every word of a strong phrase is made strong by itself, so that a line can end between them.
const wordsOf = (text: string): readonly string[] =>
  text
    .replace(strongWords, (_, words: string) =>
      words
        .split(/\s+/)
        .map((word) => `**${word}**`)
        .join(' '),
    )
    .split(/\s+/)
    .filter((word) => word !== '')

const isNumber = (cell: string): boolean => /^\**[\d.,]+( ?(ms|s|%))?\**$/.test(cell)

/** Cells in columns; a column of numbers stands to the right. A row that is too wide is cut. */
const aligned = (rows: readonly (readonly string[])[], width: number): readonly string[] => {
  const columns = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map((row) => seenLength(row[at] ?? ''))),
  )
  const numeric = Array.from({ length: columns }, (_, at) =>
    rows.slice(-1).every((row) => isNumber(row[at] ?? '')),
  )
  return rows.map((row) =>
    cut(
      row
        .map((cell, at) => {
          const fill = ' '.repeat((widths[at] ?? 0) - seenLength(cell))
          return numeric[at] ? fill + cell : cell + fill
        })
        .join('   ')
        .trimEnd(),
      width,
    ),
  )
}

const cut = (line: string, width: number): string =>
  seenLength(line) <= width ? line : `${line.replace(strongWords, '$1').slice(0, width - 1)}…`
