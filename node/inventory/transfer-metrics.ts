/** What passing rights between nodes took, and what came of it, as figures. */

import { Counter, Histogram, type Registry } from 'prom-client'
import type { Transfer } from './broker.ts'

export const createTransferMetrics = (registry: Registry): ((transfer: Transfer) => void) => {
  const registers = [registry]
  const asked = new Counter({
    name: 'atoll_stock_transfers_total',
    help: 'Times another node was asked for rights to sell, by what came of it.',
    labelNames: ['outcome'],
    registers,
  })
  const units = new Counter({
    name: 'atoll_stock_units_fetched_total',
    help: 'Units that came in from other nodes because they were asked.',
    registers,
  })
  const durations = new Histogram({
    name: 'atoll_stock_transfer_seconds',
    help: 'Time from asking until the units could be sold here.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
    registers,
  })
  return (transfer) => {
    asked.inc({ outcome: transfer.outcome })
    if (transfer.outcome !== 'granted') return
    units.inc(transfer.units)
    durations.observe(transfer.ms / 1_000)
  }
}
