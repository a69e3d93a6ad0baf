/** Every route of the contract, on a node whose workers take the requests. */

import { vi } from 'vitest'

vi.stubEnv('ATOLL_TEST_WORKERS', '2')
await import('./api.test.ts')
