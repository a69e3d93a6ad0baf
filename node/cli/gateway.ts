/** `atoll gateway`: the sandbox gateway as a process of its own, for several nodes to share. */

import { openGateway } from '../payments/sandbox/gateway.ts'
import { noJournal, openJournal } from '../payments/sandbox/journal.ts'
import { sandboxTokens } from '../payments/sandbox/tokens.ts'
import { exitCodes, isSystemError, parseCommand, type ProcessDeps } from './command.ts'

export interface GatewayCommandDeps extends ProcessDeps {
  /** Resolves when the operator asks the gateway to stop. */
  readonly stopped: Promise<void>
}

export const gatewayCommand = async (
  deps: GatewayCommandDeps,
  args: readonly string[],
): Promise<number> => {
  const { stdout, stderr } = deps
  const parsed = parseCommand(args, {
    help: { type: 'boolean' },
    host: { type: 'string' },
    port: { type: 'string' },
    webhook: { type: 'string', multiple: true },
    'latency-ms': { type: 'string' },
    'late-ms': { type: 'string' },
    data: { type: 'string' },
  })
  const fail = (line: string): number => {
    stderr.write(`atoll gateway: ${line}\n`)
    return exitCodes.failed
  }
  if (!parsed.ok) return fail(parsed.refusal)
  const { values, positionals } = parsed.value
  if (values.help) {
    stdout.write(usage)
    return exitCodes.done
  }
  const port = naturalOf(values.port ?? '4242', 65_535)
  const latencyMs = naturalOf(values['latency-ms'] ?? '0', 60_000)
  const lateMs = naturalOf(values['late-ms'] ?? '2000', 3_600_000)
  const endpoints = values.webhook ?? []
  if (positionals.length > 0) return fail(`"${positionals[0]}" belongs to no flag`)
  if (port === undefined) return fail('--port must be a port, 1 to 65535, or 0 for any')
  if (latencyMs === undefined || lateMs === undefined) {
    return fail('--latency-ms and --late-ms must be whole numbers of milliseconds')
  }
  if (!endpoints.every((url) => /^https?:\/\//.test(url) && URL.canParse(url))) {
    return fail('--webhook must be the address of an endpoint, http://…')
  }
  const given = deps.env['ATOLL_GATEWAY_SECRET']
  const webhookSecret = given || Buffer.from(deps.random(24)).toString('hex')
  try {
    const gateway = await openGateway({
      ...deps,
      host: values.host ?? '127.0.0.1',
      port,
      webhookSecret,
      endpoints,
      latencyMs,
      lateMs,
      journal: values.data === undefined ? noJournal : openJournal(values.data),
    })
    stdout.write(`sandbox gateway ${gateway.url}\nno money moves here\n`)
    if (!given) stdout.write(`ATOLL_GATEWAY_SECRET=${webhookSecret}\n`)
    await deps.stopped
    await gateway.close()
    return exitCodes.done
  } catch (error) {
    if (!isSystemError(error)) throw error
    return fail(error.message)
  }
}

const naturalOf = (text: string, max: number): number | undefined =>
  /^\d{1,8}$/.test(text) && Number(text) <= max ? Number(text) : undefined

const usage = `atoll gateway [options]

A payment gateway that speaks Stripe's API and moves no money.

  --host address      where it listens (127.0.0.1)
  --port number       its port, 0 for any (4242)
  --webhook url       an endpoint that is told of everything; may be given several times
  --latency-ms number how long every request takes (0)
  --late-ms number    how long the bank of tok_late takes (2000)
  --data file         where the books are kept over a restart (nowhere)

ATOLL_GATEWAY_SECRET is what webhooks are signed with; without it, one is drawn and printed.
A node uses the gateway with ATOLL_PAYMENTS=sandbox=http://127.0.0.1:4242 and the same secret, and is
told at http://NODE/api/v1/webhooks/payments/sandbox.

Cards, by their token:
${sandboxTokens.map((token) => `  ${token}`).join('\n')}
`
