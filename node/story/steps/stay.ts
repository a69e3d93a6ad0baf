/** The last act: the shops stay open, and the reader is told where everything is. */

import type { Admin } from '../cluster.ts'
import type { Deeds } from '../deeds.ts'
import type { DemoDirectory } from '../demo-directory.ts'
import { regions } from '../regions.ts'
import type { Stage } from '../stage.ts'

export interface StayOptions {
  readonly deeds: Deeds
  readonly admin: Admin
  readonly clusterKey: string
  readonly gatewaySecret: string
  readonly directory: DemoDirectory
}

export const showAround = async (
  { narrator, admins, gatewayUrl }: Stage,
  { deeds, admin, clusterKey, gatewaySecret, directory }: StayOptions,
): Promise<void> => {
  const { eu, us, ap } = admins
  const { cart, cast } = deeds
  const freshPort =
    Math.max(...regions.map((region) => Number(new URL(admins[region].url).port))) + 1
  narrator.chapter('The three shops stay open')
  narrator.table([
    ...regions.map((region) => [region, `${admins[region].url}/api/v1`, 'the API']),
    ['', `${eu.url}/docs`, 'its documentation, to try out; each node has it'],
    ['', `${eu.url}/metrics`, 'figures for Prometheus; each node has them'],
    ['', `${eu.url}/health`, 'how the node is'],
    ['', directory.logFiles.eu, 'its log'],
  ])
  await narrator.say('The admin, made for this run:')
  narrator.table([
    ['e-mail', admin.email],
    ['password', admin.password],
  ])
  await narrator.say('Sign in at eu; the token is good at every node:')
  narrator.verbatim([
    `TOKEN=$(curl -s ${eu.url}/api/v1/auth/login -H 'content-type: application/json' \\`,
    `  -d '${JSON.stringify(admin)}' \\`,
    String.raw`  | sed 's/.*"accessToken":"\([^"]*\)".*/\1/')`,
  ])
  await narrator.say('What is still left for a person to look at, seen from ap:')
  narrator.verbatim([`curl -s ${ap.url}/api/v1/admin/conflicts -H "authorization: Bearer $TOKEN"`])
  await narrator.say('Why a price is what it is, who wrote it, where and when:')
  narrator.verbatim([
    `curl -s ${us.url}/api/v1/admin/documents/product/${cast.priced.id} \\`,
    `  -H "authorization: Bearer $TOKEN"`,
  ])
  await narrator.say('The cart of the story:')
  narrator.verbatim([
    `curl -s ${ap.url}/api/v1/carts/${cart.id} \\`,
    `  -H 'x-cart-token: ${cart.token}'`,
  ])
  await narrator.say('Cut the link between eu and us yourself, and look at both; "open" mends it:')
  narrator.verbatim([
    `curl -s -X PUT ${eu.url}/api/v1/admin/peers/us/link \\`,
    `  -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"state":"cut"}'`,
  ])
  await narrator.say('Start a fourth region, and watch it catch up:')
  narrator.verbatim([
    `ATOLL_CLUSTER_KEY=${clusterKey} \\`,
    `ATOLL_PAYMENTS=${gatewayUrl} ATOLL_GATEWAY_SECRET=${gatewaySecret} \\`,
    `  npm run atoll -- node --name sa --port ${freshPort} --peers ${eu.url.replace('http', 'ws')}`,
  ])
  await narrator.say('**Ctrl-C** stops all of it.')
}
