/** Hostile input over every route, on a node whose workers take the requests. */

import { vi } from 'vitest'

vi.stubEnv('ATOLL_TEST_WORKERS', '2')
await import('./hostile-http.test.ts')
