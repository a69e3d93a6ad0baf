/** A principal is the account on whose behalf a request is made, as its token proved. */

export interface Principal {
  readonly accountId: string
  readonly roles: ReadonlySet<string>
  readonly sessionId: string
}
