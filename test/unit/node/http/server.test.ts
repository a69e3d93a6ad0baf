import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { lineStreamRefusal, readLines } from '../../../../node/http/body.ts'
import { bodyBytesMax } from '../../../../node/http/limits.ts'
import { problem } from '../../../../node/http/problem.ts'
import { secureHeaders } from '../../../../node/http/security.ts'
import { listen, type Server, type UpgradeHandlers } from '../../../../node/http/server.ts'
import { createProductRoutes, createTestShell, post, product, type Body } from './test-shell.ts'

let servers: Server[] = []
let sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await Promise.all(servers.map((server) => server.close()))
  servers = []
  sockets = []
})

const start = async (
  options: {
    readonly onUpgrade?: UpgradeHandlers
    readonly corsOrigins?: readonly string[]
    readonly drainDeadlineMs?: number
  } = {},
) => {
  const { corsOrigins = [], ...listening } = options
  const shell = createTestShell({ level: 'error', corsOrigins })
  const { app } = shell
  app.route('/', createProductRoutes())
  app.post('/lines', async (c) => {
    const refusal = lineStreamRefusal(c)
    if (refusal !== undefined) return problem(c, refusal)
    const lines: [number, number, boolean][] = []
    for await (const { number, bytes, overlong } of readLines(c, { lineBytesMax: 100 }))
      lines.push([number, bytes.length, overlong])
    return c.json(lines)
  })
  app.post('/first-line', async (c) => {
    for await (const { number } of readLines(c)) return c.json({ number })
    return c.json({})
  })
  let release = (): void => {}
  let reached = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const holding = new Promise<void>((resolve) => {
    reached = resolve
  })
  app.get('/held', async (c) => {
    reached()
    await held
    return c.text('finished')
  })
  const server = await listen({ app, host: '127.0.0.1', port: 0, ...listening })
  servers.push(server)
  return { server, shell, release, holding }
}

/** A connection that says exactly what it is told to, and collects what it hears. */
const dial = async (port: number) => {
  const socket = connect({ host: '127.0.0.1', port })
  sockets.push(socket)
  let heard = ''
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    heard += text
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return {
    socket,
    say: (text: string) => socket.write(text, 'latin1'),
    /** Resolves when what was heard fits, or when nothing more can come. */
    hear: async (pattern: RegExp): Promise<string> => {
      while (!pattern.test(heard) && !socket.closed)
        await Promise.race([once(socket, 'data'), once(socket, 'close')])
      await turn()
      return heard
    },
    closed: async () => {
      if (!socket.closed) await once(socket, 'close')
      return heard
    },
  }
}

const request = (headers: string, body = '') =>
  `POST /products HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`

describe('a served request', () => {
  test('is answered as in a test, with the headers of all answers', async () => {
    const { server } = await start()
    const response = await fetch(`${server.url}/products`, post(JSON.stringify(product)))
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual(product)
    for (const [name, value] of Object.entries(secureHeaders))
      expect([name, response.headers.get(name)]).toEqual([name, value])
    expect(response.headers.get('x-request-id')).toBe('070707070707-1')
  })

  test('from a page on the list is answered to that page', async () => {
    const { server } = await start({ corsOrigins: ['https://shop.example'] })
    const response = await fetch(`${server.url}/products/1`, {
      headers: { origin: 'https://shop.example' },
    })
    expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example')
    expect(await response.json()).toEqual({ id: '1' })
  })

  test('without a readable address is a problem too', async () => {
    const { server } = await start()
    const { say, hear } = await dial(server.port)
    say('GET /a\\b HTTP/1.1\r\nHost: shop\r\n\r\n')
    expect(await hear(/}$/)).toMatch(/^HTTP\/1.1 400[^]*"code":"invalid_request"/)
  })

  test('that is no HTTP ends its own connection and nothing else', async () => {
    const { server } = await start()
    for (const nonsense of [
      '\0\0\0\0\r\n\r\n',
      'GET\r\n\r\n',
      `GET / HTTP/1.1\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`,
    ]) {
      const { say, closed } = await dial(server.port)
      say(nonsense)
      expect(await closed()).toMatch(/^HTTP\/1.1 4\d\d /)
    }
    expect((await fetch(`${server.url}/products/1`)).status).toBe(200)
  })
})

describe('a served body', () => {
  test('is refused by its length before it is read', async () => {
    const { server } = await start()
    const { say, hear } = await dial(server.port)
    say(request(`Content-Length: ${bodyBytesMax + 1}`))
    expect(await hear(/}$/)).toMatch(/^HTTP\/1.1 413[^]*"code":"body_too_large"/)
  })

  test('of unknown length is counted as it comes', async () => {
    const { server } = await start()
    const { say, hear } = await dial(server.port)
    say(request('Transfer-Encoding: chunked'))
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    for (let sent = 0; sent <= bodyBytesMax; sent += 0x4000) say(chunk)
    expect(await hear(/}$/)).toMatch(/^HTTP\/1.1 413[^]*"code":"body_too_large"/)
  })

  test('just within the limit is read', async () => {
    const { server } = await start()
    const padding = ' '.repeat(bodyBytesMax - JSON.stringify(product).length)
    const response = await fetch(`${server.url}/products`, post(JSON.stringify(product) + padding))
    expect(response.status).toBe(201)
  })

  test('with two lengths is refused', async () => {
    const { server } = await start()
    const { say, hear } = await dial(server.port)
    say(request('Content-Length: 2\r\nTransfer-Encoding: chunked', '{}'))
    expect(await hear(/400/)).toMatch(/^HTTP\/1.1 400/)
  })

  test('longer than it said is not read past what it said', async () => {
    const { server } = await start()
    const { say, closed } = await dial(server.port)
    say(request('Content-Length: 2', '{}{"name":"smuggled"}'))
    const heard = await closed()
    expect(heard).toMatch(/^HTTP\/1.1 400 /)
    expect(heard).not.toMatch(/ 201 |smuggled/)
  })

  test('that breaks off is survived', async () => {
    const { server, shell } = await start()
    const { say, socket, closed } = await dial(server.port)
    say(request('Content-Length: 100', '{"name":'))
    socket.end()
    await closed()
    expect((await fetch(`${server.url}/products/1`)).status).toBe(200)
    expect(shell.lines).toEqual([])
  })

  test.each([
    ['no UTF-8', '"\xff\xfe"', 'invalid_json'],
    ['no JSON', '{"name":', 'invalid_json'],
    ['a prototype', '{"__proto__":{}}', 'invalid_request'],
  ])('that is %s is refused', async (_, body, code) => {
    const { server } = await start()
    const { say, hear } = await dial(server.port)
    say(request(`Content-Length: ${body.length}`, body))
    expect(await hear(/}$/)).toContain(`"code":"${code}"`)
  })
})

describe('a served stream of lines', () => {
  const stream = (body: Body) =>
    ({ ...post(body, { 'content-type': 'application/x-ndjson' }), duplex: 'half' }) as RequestInit

  test('is read to its end, whatever its size, the overlong lines reported', async () => {
    const { server } = await start()
    const body = new ReadableStream({
      start: (controller) => {
        for (let at = 0; at < 40; at += 1)
          controller.enqueue(new TextEncoder().encode('{"a":1}\n\n'))
        for (let at = 0; at < 40; at += 1) controller.enqueue(new Uint8Array(65_536).fill(0x78))
        controller.enqueue(new TextEncoder().encode('\n{}'))
        controller.close()
      },
    })
    const response = await fetch(`${server.url}/lines`, stream(body))
    const lines = (await response.json()) as readonly unknown[]
    expect(lines).toHaveLength(42)
    expect(lines.slice(0, 2)).toEqual([
      [1, 7, false],
      [3, 7, false],
    ])
    expect(lines.slice(-2)).toEqual([
      [81, 0, true],
      [82, 2, false],
    ])
  })

  test('can be answered before it is read to its end', async () => {
    const { server } = await start()
    const { say, hear } = await dial(server.port)
    say('POST /first-line HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\n\r\n{}\n{}')
    expect(await hear(/}$/)).toContain('{"number":1}')
  })

  test('of another kind is refused', async () => {
    const { server } = await start()
    const response = await fetch(`${server.url}/lines`, post('{}'))
    expect(await response.json()).toMatchObject({ code: 'unsupported_media_type' })
  })
})

describe('an upgrade', () => {
  const upgrade = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`

  test('goes to the handler of its path', async () => {
    const { server } = await start({
      onUpgrade: {
        '/sync/peers': ({ socket }) => socket.end('peers'),
        '/sync/carts/:id': ({ socket, params, url }) =>
          socket.end(`cart ${params['id']} ${url.searchParams.get('token')}`),
      },
    })
    const heardAt = async (path: string) => {
      const { say, closed } = await dial(server.port)
      say(upgrade(path))
      return closed()
    }
    expect(await heardAt('/sync/peers')).toBe('peers')
    expect(await heardAt('/sync/carts/a%20b?token=t')).toBe('cart a b t')
    for (const path of [
      '/',
      '/sync',
      '/sync/carts/',
      '/sync/carts/1/2',
      '/sync/carts/%',
      'sync/peers',
    ])
      expect(await heardAt(path)).toMatch(/^HTTP\/1.1 40[04] /)
  })

  test('survives a socket that breaks', async () => {
    const { server } = await start({
      onUpgrade: { '/sync/peers': ({ socket }) => socket.destroy(new Error('broken')) },
    })
    const { say, closed } = await dial(server.port)
    say(upgrade('/sync/peers'))
    await closed()
    expect((await fetch(`${server.url}/products/1`)).status).toBe(200)
  })

  test('does not keep a closing server up', async () => {
    const { server } = await start({
      onUpgrade: { '/sync/peers': ({ socket }) => socket.write('hi') },
    })
    const { say, hear, closed } = await dial(server.port)
    say(upgrade('/sync/peers'))
    await hear(/hi/)
    await server.close()
    expect(await closed()).toBe('hi')
  })
})

describe('a server that closes', () => {
  test('finishes what it has begun and takes nothing new', async () => {
    const { server, release, holding } = await start()
    const answer = fetch(`${server.url}/held`)
    await holding
    const closing = server.close()
    await expect(fetch(`${server.url}/products/1`)).rejects.toThrow('fetch failed')
    release()
    expect(await (await answer).text()).toBe('finished')
    await closing
  })

  test('does not wait for connections that are merely kept', async () => {
    const { server } = await start()
    const { say, hear, closed } = await dial(server.port)
    say('GET /products/1 HTTP/1.1\r\nHost: shop\r\n\r\n')
    await hear(/}$/)
    await server.close()
    expect(await closed()).toMatch(/^HTTP\/1.1 200 /)
  })

  test('cuts what has not finished by the deadline', async () => {
    const { server, holding } = await start({ drainDeadlineMs: 50 })
    const answer = fetch(`${server.url}/held`).then(
      () => 'answered',
      () => 'cut',
    )
    await holding
    await server.close()
    expect(await answer).toBe('cut')
  })

  test('may be closed twice', async () => {
    const { server } = await start()
    const closing = server.close()
    expect(server.close()).toBe(closing)
    await closing
  })
})

test('a port that is taken is one clear line', async () => {
  const { server, shell } = await start()
  await expect(listen({ app: shell.app, host: '127.0.0.1', port: server.port })).rejects.toThrow(
    `port ${server.port} is taken: choose another with --port`,
  )
})
