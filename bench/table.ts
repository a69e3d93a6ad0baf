/** The result as a table for a person, and as JSON for a program. */

import { isMet, ratioOf, type Row, type Target, type Unit } from './benchmark.ts'

export interface Result {
  readonly benchmark: string
  readonly rows: readonly Row[]
}

const columns = ['', 'ours', 'reference', '', 'ratio', 'target', ''] as const

/** One line a figure, under the name of its benchmark. */
export const render = (results: readonly Result[]): string => {
  const lines = results.map(({ benchmark, rows }) => ({ benchmark, cells: rows.map(cellsOf) }))
  const all = [columns, ...lines.flatMap(({ cells }) => cells)]
  const widths = columns.map((_, at) => Math.max(...all.map((cells) => cells[at]?.length ?? 0)))
  const show = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (isNumeric(at) ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd()
  return [
    `  ${show(columns)}`,
    ...lines.flatMap(({ benchmark, cells }) => [
      `\n${benchmark}`,
      ...cells.map((line) => `  ${show(line)}`),
    ]),
  ].join('\n')
}

const isNumeric = (column: number): boolean => [1, 2, 4].includes(column)

const cellsOf = (row: Row): readonly string[] => {
  const { what, unit, ours, reference, target } = row
  const ratio = ratioOf(row)
  const met = isMet(row)
  return [
    what,
    figure(ours, unit),
    reference ? figure(reference.value, unit) : '',
    reference?.name ?? '',
    ratio === undefined ? '' : `${ratioText(ratio)} ×`,
    target ? targetText(target, unit) : '',
    met === undefined ? '' : met ? '✓' : '✗',
  ]
}

const targetText = ({ of, is, bound }: Target, unit: Unit): string =>
  `${is === 'at least' ? '≥' : '≤'} ${of === 'ratio' ? `${bound} ×` : figure(bound, unit)}`

const counted = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

const figure = (value: number, unit: Unit): string => {
  if (!Number.isFinite(value)) return 'unknown'
  const digits = unit === 'bytes' || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  const text = digits === 0 ? counted.format(value) : String(Number(value.toFixed(digits)))
  return unit === '/s' ? `${text}/s` : `${text} ${unit}`.trimEnd()
}

const ratioText = (ratio: number): string =>
  ratio >= 10 ? counted.format(ratio) : ratio.toFixed(2)

/** How many targets there are and how many of them are met, in a sentence. */
export const verdict = (results: readonly Result[]): string => {
  const verdicts = results.flatMap(({ rows }) => rows).map(isMet)
  const met = verdicts.filter((one) => one === true).length
  const missed = verdicts.filter((one) => one === false).length
  if (met + missed === 0) return 'No targets were judged.'
  return missed === 0 ? `All ${met} targets are met.` : `${met} targets are met, ${missed} missed.`
}

/** The same for a program: every figure with its ratio and verdict. */
export const toJson = (results: readonly Result[], machine: object, notes: readonly string[]) => ({
  machine,
  notes,
  results: results.map(({ benchmark, rows }) => ({
    benchmark,
    rows: rows.map((row) => ({ ...row, ratio: ratioOf(row) ?? null, isMet: isMet(row) ?? null })),
  })),
})
