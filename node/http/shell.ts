/** The shell around every route: observed, secured, and answering every failure with a problem. */

import type { OpenAPIHono } from '@hono/zod-openapi'
import { answerError, answerNotFound } from './failure.ts'
import { observe, type ObserveDeps } from './observe.ts'
import { createRouter, type NodeEnv } from './router.ts'
import { crossOrigin, secureHeaders } from './security.ts'

export interface ShellDeps extends Omit<ObserveDeps, 'answerHeaders'> {
  /** The pages of other origins that may use the API, each exactly as a browser names it. */
  readonly corsOrigins: readonly string[]
}

/** An app to mount routes on. */
export const createShell = (deps: ShellDeps): OpenAPIHono<NodeEnv> => {
  const app = createRouter()
  app.use(observe({ ...deps, answerHeaders: secureHeaders }))
  if (deps.corsOrigins.length > 0) app.use(crossOrigin(deps.corsOrigins))
  app.onError(answerError)
  app.notFound(answerNotFound(app))
  return app
}
