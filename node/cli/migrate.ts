/** `atoll migrate`: brings the merged store's tables up to date. Nodes do the same when they start. */

import { Fault } from '../fault.ts'
import { migrate } from '../merged/migrate.ts'
import { createPostgres } from '../merged/postgres.ts'
import { exitCodes, parseCommand, printable, type CommandDeps } from './command.ts'

const usage = `atoll migrate [--to URL]

Runs what the merged store's tables lack of this release's migrations; they only go forward.

  --to postgres://…    the database (ATOLL_POSTGRES_URL)
`

export const migrateCommand = async (
  { stdout, stderr, env }: Pick<CommandDeps, 'stdout' | 'stderr' | 'env'>,
  args: readonly string[],
): Promise<number> => {
  const fail = (why: string): number => {
    stderr.write(`atoll migrate: ${printable(why)}\n`)
    return exitCodes.failed
  }
  const parsed = parseCommand(args, { to: { type: 'string' }, help: { type: 'boolean' } })
  if (!parsed.ok) return fail(parsed.refusal)
  const { values, positionals } = parsed.value
  if (values.help === true) {
    stdout.write(usage)
    return exitCodes.done
  }
  if (positionals.length > 0) return fail(`it takes no argument ${positionals.join(' ')}`)
  const to = values.to ?? env['ATOLL_POSTGRES_URL'] ?? ''
  if (!/^postgres(ql)?:$/.test(URL.parse(to)?.protocol ?? '')) {
    return fail('it needs the address of a database: --to postgres://user@host:5432/name')
  }
  const sql = createPostgres(to)
  try {
    const done = await migrate(sql)
    for (const name of done) stdout.write(`${name}\n`)
    stdout.write(done.length === 0 ? 'nothing to do\n' : `${done.length} done\n`)
    return exitCodes.done
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return fail(`${error.message} (${error.code})`)
  } finally {
    await sql.close()
  }
}
