/** The first act: three nodes start, and an admin signs in to all of them at once. */

import { Tokens } from '../answers.ts'
import { readStandings } from '../agreement.ts'
import { createClient, type Client } from '../client.ts'
import type { Admin, Cluster } from '../cluster.ts'
import type { DemoDirectory } from '../demo-directory.ts'
import { duration } from '../figures.ts'
import { askEveryMs, readyMsMax } from '../limits.ts'
import type { Narrator } from '../narrator.ts'
import { forRegions, regions, type ByRegion, type Region } from '../regions.ts'
import type { Stage } from '../stage.ts'
import { pause, type StoryDeps } from '../story-deps.ts'

export interface StartOptions {
  readonly cluster: Cluster
  readonly directory: DemoDirectory
  readonly admin: Admin
  readonly narrator: Narrator
}

export const start = async (
  deps: StoryDeps,
  { cluster, directory, admin, narrator }: StartOptions,
): Promise<Stage> => {
  narrator.chapter('Atoll: a shop that keeps selling when the network does not')
  await narrator.say(
    'Three nodes start, for three regions of the world: **eu**, **us** and **ap**. Each is a whole ' +
      'shop, a process with a port and a disk of its own, and tells the others of every change when ' +
      'it can reach them.',
  )
  const readyMs = {
    eu: await cluster.ready.eu,
    us: await cluster.ready.us,
    ap: await cluster.ready.ap,
  }
  narrator.table(
    regions.map((region) => [
      `**${region}**`,
      cluster.urls[region],
      directory.dataDirs[region],
      `ready after ${duration(readyMs[region])}`,
    ]),
  )
  await narrator.say(
    `Payments go to one sandbox gateway that all three use, at ${cluster.gatewayUrl}: a bank is in no ` +
      'region of the shop. No money moves.',
  )
  await narrator.say(
    `What earlier runs left in ${directory.path} was cleared; nothing else on this machine is touched.`,
  )
  const receipts: string[] = []
  const acknowledged = (change: string) => void receipts.push(change)
  const clientOf = (region: Region, token?: string): Client =>
    createClient(deps, {
      region,
      url: cluster.urls[region],
      acknowledged,
      ...(token !== undefined && { token }),
    })
  const guests = forRegions((region) => clientOf(region))
  const signedIn = await guests.eu.change(
    { method: 'POST', path: 'auth/login', body: admin },
    Tokens,
  )
  const admins = forRegions((region) => clientOf(region, signedIn.value.accessToken))
  await untilLinked(deps, admins)
  const { gatewayUrl } = cluster
  return { deps, narrator, admins, guests, gatewayUrl, receipts }
}

/**
 * Until every node takes the token that eu gave, which it does as soon as eu's public key has reached
 * it, and has both others on the line.
 */
const untilLinked = async (deps: StoryDeps, admins: ByRegion<Client>): Promise<void> => {
  const startMs = deps.clock.monotonic()
  while (!(await isLinked(admins))) {
    if (deps.clock.monotonic() - startMs > readyMsMax) {
      throw new Error(`the nodes do not find each other in ${readyMsMax / 1000} s`)
    }
    await pause(deps, askEveryMs)
  }
}

const isLinked = async (admins: ByRegion<Client>): Promise<boolean> => {
  for (const region of regions) {
    const { status } = await admins[region].ask({ method: 'GET', path: 'admin/replication' })
    if (status === 401) return false
  }
  const standings = await readStandings({ admins })
  return regions.every((region) => {
    const live = standings[region].peers.filter(({ state }) => state === 'live')
    return regions.every((other) => other === region || live.some(({ name }) => name === other))
  })
}
