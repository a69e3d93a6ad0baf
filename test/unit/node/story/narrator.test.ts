import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createNarrator, type Narrator } from '../../../../node/story/narrator.ts'
import { createPaper, type Paper } from './reader.ts'

const narratorOn = (paper: Paper, env: Readonly<Record<string, string>> = {}): Narrator =>
  createNarrator({ output: paper, env, wait: () => Promise.resolve() })

const tellAll = async (narrator: Narrator, words: string): Promise<void> => {
  narrator.chapter('A chapter')
  await narrator.say(`It was **said** that ${words}`)
  narrator.table([
    ['node', words],
    ['eu', '1,234'],
  ])
  narrator.look(words)
  await narrator.verdict({ name: 'It holds', holds: true, evidence: words })
  await narrator.verdict({ name: 'It does not', holds: false, evidence: words })
}

// eslint-disable-next-line no-control-regex
const codes = /\u001b\[[0-9;]*m/g

describe('the narrator', () => {
  test('writes no line that is wider than 100 columns, or than the terminal', async () => {
    const words = fc.lorem({ maxCount: 60 })
    const columns = fc.option(fc.integer({ min: 40, max: 200 }), { nil: undefined })
    await fc.assert(
      fc.asyncProperty(words, columns, async (text, columns) => {
        const paper = createPaper(columns === undefined ? {} : { columns })
        await tellAll(narratorOn(paper), text)
        const lines = paper.text().replace(codes, '').split('\n')
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(
          Math.min(100, columns ?? 100),
        )
      }),
    )
  })

  test('a terminal that does not know its width is taken for one of 80 columns', async () => {
    const paper = createPaper({ columns: 0 })
    await narratorOn(paper).say('word '.repeat(40))
    expect(
      Math.max(
        ...paper
          .text()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBe(76)
  })

  test('colours a terminal, and nothing else', async () => {
    const [terminal, file, plain, dumb] = [
      createPaper({ columns: 80 }),
      createPaper(),
      createPaper({ columns: 80 }),
      createPaper({ columns: 80 }),
    ]
    await tellAll(narratorOn(terminal), 'all is well')
    await tellAll(narratorOn(file), 'all is well')
    await tellAll(narratorOn(plain, { NO_COLOR: '1' }), 'all is well')
    await tellAll(narratorOn(dumb, { TERM: 'dumb' }), 'all is well')
    expect(terminal.text()).toMatch(codes)
    for (const paper of [file, plain, dumb]) expect(paper.text()).not.toContain('\u001b')
    expect(plain.text()).toContain('It was said that all is well')
  })

  test('marks what holds and what does not', async () => {
    const paper = createPaper()
    await tellAll(narratorOn(paper), 'found')
    expect(paper.text()).toContain('✓ It holds\n    found\n')
    expect(paper.text()).toContain('✗ It does not\n    found\n')
  })

  test('puts numbers under each other, to the right', () => {
    const paper = createPaper()
    const rows = [
      ['node', 'changes'],
      ['eu', '1,234'],
      ['us', '**7**'],
    ]
    narratorOn(paper).table(rows, { hasHeading: true })
    expect(paper.text()).toBe('    node   changes\n    eu       1,234\n    us           7\n\n')
  })

  test('waits longer the more there is to read', async () => {
    const waits: number[] = []
    const wait = (ms: number) => {
      waits.push(ms)
      return Promise.resolve()
    }
    const narrator = createNarrator({ output: createPaper(), env: {}, wait })
    await narrator.say('a word')
    await narrator.say('a word and another one')
    expect(waits[0]).toBeGreaterThan(0)
    expect(waits[1]).toBeGreaterThan(waits[0] ?? 0)
  })
})
