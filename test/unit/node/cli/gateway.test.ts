import { expect, onTestFinished, test } from 'vitest'
import { gatewayCommand } from '../../../../node/cli/gateway.ts'
import { createOperator } from './operator.ts'

const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const operator = await createOperator(env)
  onTestFinished(() => operator.close())
  let stop = () => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  const ended = gatewayCommand({ ...operator.deps, stopped }, args)
  return { operator, ended, stop }
}

test('a gateway listens, says where and with which secret, and ends when it is told to', async () => {
  const { operator, ended, stop } = await run(['--port', '0'])
  await expect.poll(operator.out).toMatch(/ATOLL_GATEWAY_SECRET=[0-9a-f]{48}/)
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(operator.out())?.[0] ?? ''
  const made = await fetch(`${url}/v1/payment_intents`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk_test_1' },
    body: new URLSearchParams({ amount: '500', currency: 'eur', 'metadata[order_id]': 'o-1' }),
  })
  expect(made.status).toBe(200)
  const books = await fetch(`${url}/sandbox/orders/o-1`)
  expect(await books.json()).toMatchObject({ orderId: 'o-1', intents: 1, captures: 0 })
  stop()
  expect(await ended).toBe(0)
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

test('a secret that it was given is not printed', async () => {
  const { operator, ended, stop } = await run(['--port', '0'], { ATOLL_GATEWAY_SECRET: 'hushhush' })
  await expect.poll(operator.out).toContain('sandbox gateway')
  stop()
  await ended
  expect(operator.out()).not.toContain('hushhush')
})

test.each([
  [['--port', 'high'], '--port must be'],
  [['--latency-ms=-1'], '--latency-ms'],
  [['--latency-ms', 'soon'], 'must be whole numbers'],
  [['--webhook', 'ftp://x'], '--webhook must be'],
  [['more'], '"more" belongs to no flag'],
  [['--colour', 'red'], '--colour'],
])('%j ends with one clear line', async (args, line) => {
  const { operator, ended } = await run(args)
  expect(await ended).toBe(2)
  expect(operator.err()).toContain(line)
  expect(operator.err().trim().split('\n')).toHaveLength(1)
})

test('a port that is taken ends with one clear line', async () => {
  const first = await run(['--port', '0'])
  await expect.poll(first.operator.out).toContain('sandbox gateway')
  const port = /:(\d+)/.exec(first.operator.out())?.[1] ?? ''
  const second = await run(['--port', port])
  expect(await second.ended).toBe(2)
  expect(second.operator.err()).toContain('EADDRINUSE')
  first.stop()
  await first.ended
})

test('--help lists the cards', async () => {
  const { operator, ended } = await run(['--help'])
  expect(await ended).toBe(0)
  expect(operator.out()).toContain('tok_timeout_before')
})
