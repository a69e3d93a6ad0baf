/** A Dockerfile as stages of instructions, for tests that carry them out by hand. */

export interface Instruction {
  /** In capitals: `RUN`. */
  readonly keyword: string
  readonly flags: readonly string[]
  readonly text: string
}

export interface Stage {
  readonly from: string
  readonly instructions: readonly Instruction[]
}

/** Lines that end in a backslash go on; comments and empty lines count for nothing. */
export const parseDockerfile = (text: string): readonly Stage[] => {
  const stages: { from: string; instructions: Instruction[] }[] = []
  const whole = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, '')
  for (const line of whole.split('\n')) {
    const [, keyword = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    if (keyword === 'FROM') stages.push({ from: rest, instructions: [] })
    else {
      const [, flags = '', text = ''] = /^((?:--\S+\s+)*)(.*)$/.exec(rest) ?? []
      stages.at(-1)?.instructions.push({
        keyword,
        flags: flags.split(/\s+/).filter((flag) => flag !== ''),
        text,
      })
    }
  }
  return stages
}

/** What every instruction of this keyword says. */
export const textsOf = ({ instructions }: Stage, keyword: string): readonly string[] =>
  instructions.filter((instruction) => instruction.keyword === keyword).map(({ text }) => text)

/** The variables that a stage sets. */
export const environmentOf = (stage: Stage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    textsOf(stage, 'ENV').flatMap((text) =>
      text.split(/\s+/).map((pair) => pair.split('=') as [string, string]),
    ),
  )

/** Whether a path of the repository goes into the image's context: the last pattern that fits decides. */
export const isInContext =
  (ignore: string) =>
  (path: string): boolean =>
    ignore
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .reduce((is, line) => {
        const pattern = line.replace(/^!/, '')
        const fits = pattern === '*' || path === pattern || path.startsWith(`${pattern}/`)
        return fits ? line.startsWith('!') : is
      }, true)
