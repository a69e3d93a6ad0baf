/** The nginx of `deploy/nginx`, really running, before nodes of a test's own. */

import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, pause } from '../node-process.ts'

// Debian has it where only root looks.
const program = ['nginx', '/usr/sbin/nginx'].find(
  (name) => spawnSync(name, ['-v']).error === undefined,
)

export const whyNoFront = (): string | undefined =>
  program === undefined ? 'nginx was not found (on Debian: apt-get install nginx-light)' : undefined

export interface Front {
  readonly url: string
  readonly tlsPort: number
  /** What `nginx -t` says of this configuration. */
  examine(): { readonly status: number | null; readonly output: string }
  start(): Promise<void>
  log(): string
  close(): Promise<void>
}

/** The files as they are, but for ports, addresses and where it may write. */
export const prepareFront = async (ports: readonly number[]): Promise<Front> => {
  const directory = mkdtempSync(join(tmpdir(), 'atoll-front-'))
  chmodSync(directory, 0o755)
  cpSync('deploy/nginx', directory, { recursive: true })
  const [port, tlsPort] = [await freePort(), await freePort()]
  const edit = (file: string, change: (text: string) => string): void =>
    writeFileSync(join(directory, file), change(readFileSync(join(directory, file), 'utf8')))
  let index = -1
  edit('nodes.conf', (text) =>
    text.replace(
      /server \w+:4000/g,
      () => `server 127.0.0.1:${ports[(index += 1) % ports.length]}`,
    ),
  )
  edit('nginx.conf', (text) =>
    text
      .replaceAll('/tmp/', `${directory}/`)
      .replace('listen 8080', `listen 127.0.0.1:${port}`)
      .replace('/dev/stdout', `${directory}/access.log`)
      .replace('/dev/stderr', `${directory}/error.log`)
      .replace('include nodes.conf;', 'include nodes.conf;\n  include tls.example.conf;'),
  )
  edit('tls.example.conf', (text) => text.replace('listen 8443', `listen 127.0.0.1:${tlsPort}`))
  makeCertificate(directory)
  const args = ['-p', directory, '-c', join(directory, 'nginx.conf'), '-g', 'daemon off;']
  const read = (file: string) => {
    try {
      return readFileSync(join(directory, file), 'utf8')
    } catch {
      return ''
    }
  }
  let stop = async (): Promise<void> => undefined
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    tlsPort,
    examine: () => {
      const { status, stderr } = spawnSync(program ?? 'nginx', ['-t', ...args], {
        encoding: 'utf8',
      })
      return { status, output: stderr }
    },
    start: async () => {
      const out = openSync(join(directory, 'output.log'), 'a')
      const child = spawn(program ?? 'nginx', args, { stdio: ['ignore', out, out] })
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
      stop = async () => {
        child.kill('SIGTERM')
        await ended
      }
      for (;;) {
        if (child.exitCode !== null) throw new Error(read('output.log') + read('error.log'))
        const answer = await fetch(`${url}/live`).catch(() => undefined)
        if (answer?.ok) return
        await pause(20)
      }
    },
    log: () => read('access.log'),
    close: async () => {
      await stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const makeCertificate = (directory: string): void => {
  const tls = join(directory, 'tls')
  const { status, stderr } = spawnSync(
    'sh',
    [
      '-ec',
      `mkdir ${tls}; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj /CN=shop.example -keyout ${tls}/shop.key -out ${tls}/shop.crt`,
    ],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
}
