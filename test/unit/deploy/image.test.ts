import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { environmentOf, isInContext, parseDockerfile, textsOf } from './dockerfile.ts'
import { textOf } from './files.ts'

// It is CommonJS, and tells where each fault begins.
const { validate } = createRequire(import.meta.url)('dockerfile-utils') as {
  readonly validate: (text: string) => readonly { readonly message: string }[]
}

const text = textOf('deploy/Dockerfile')
const stages = parseDockerfile(text)
const [build, image] = stages
if (build === undefined || image === undefined) throw new Error('two stages were expected')

describe('the image', () => {
  test('is a Dockerfile without a fault', () => {
    expect(validate(text).map(({ message }) => message)).toEqual([])
    expect(validate('FROM node\nRUNN ls\n').length).toBeGreaterThan(0)
  })

  test('runs the Node that the tests run, from one base, so that what is built fits what runs it', () => {
    const { devDependencies } = JSON.parse(textOf('package.json')) as {
      readonly devDependencies: { readonly node: string }
    }
    const base = image.from
    expect(build.from).toBe(`${base} AS build`)
    expect(base).toMatch(new RegExp(`^node:${devDependencies.node.split('.')[0]}-`))
  })

  test('has no compiler, no development dependency, and no root', () => {
    expect(textsOf(image, 'RUN').join()).not.toMatch(/apt-get|npm/)
    expect(textsOf(build, 'RUN').join()).toContain('npm ci --omit=dev')
    expect(textsOf(image, 'USER')).toEqual(['1000:1000'])
    expect(textsOf(image, 'EXPOSE')).toEqual([environmentOf(image)['ATOLL_PORT']])
    expect(textsOf(image, 'VOLUME')).toEqual([environmentOf(image)['ATOLL_DATA']])
  })

  test('gets no secret, no data and no built module from the machine that builds it', () => {
    const isIn = isInContext(textOf('.dockerignore'))
    const out = ['.env', '.atoll/eu/atoll.db', '.git/config', 'node_modules/pg/package.json']
    expect([...out, 'native/build/Release/lagoon.node', 'test/tidy.test.ts'].filter(isIn)).toEqual(
      [],
    )
    const copied = textsOf(build, 'COPY').flatMap((copy) => copy.split(' ').slice(0, -1))
    expect(copied.filter((path) => !isIn(path))).toEqual([])
  })
})
