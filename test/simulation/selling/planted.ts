/** Bugs that are planted to prove that a rush sees them, each as somebody might come to write it. */

import type { PlantedBug } from '../planted/plant.ts'

export const plantedInSelling: readonly PlantedBug[] = [
  {
    name: 'units-given-back-by-everybody',
    because:
      'Each node that hears of a cancellation gives the units back, and not the one that sold them.',
    patches: [
      {
        file: 'node/orders/attend.ts',
        find: 'const owed = owedBy(order, world.lineage)',
        replace: "const owed = owedBy(order, 'anybody')",
      },
      {
        file: 'node/checkout/runner.ts',
        find: 'if (!(isOurs || actsForOthers) || !isUnsettled(placed)) return undefined',
        replace: 'if (!isUnsettled(placed)) return undefined',
      },
    ],
  },
  {
    name: 'coupon-limit-without-rights',
    because: 'How often a coupon was used is counted, and the uses that a node has are not spent.',
    patches: [
      {
        file: 'node/promotions/redemption.ts',
        find: `        limit === null
          ? []
          : (counter) => {
              const spent`,
        replace: `        limit !== undefined
          ? []
          : (counter) => {
              const spent`,
      },
    ],
  },
  {
    name: 'money-of-the-cancelled-is-kept',
    because: 'An order that is cancelled is told to nobody who has taken money for it.',
    patches: [
      {
        file: 'node/orders/order-rules.ts',
        find: 'return ok(isOver && hasPayment ? closePayment(here, { orderId: id, reason }) : [])',
        replace: 'return ok([])',
      },
      {
        file: 'node/orders/attend.ts',
        find: "if (order.status === 'cancelled') return closePayment(world, { orderId: id, reason: 'cancelled' })",
        replace: "if (order.status === 'cancelled') return []",
      },
    ],
  },
  {
    name: 'payment-under-a-new-key-each-time',
    because: 'The key is drawn when the provider is asked, and not made of what is asked for.',
    patches: [
      {
        file: 'node/payments/request-key.ts',
        find: 'export const paymentKey = (orderId: string): string => `${orderId}/payment`',
        replace:
          'let drawn = 0; export const paymentKey = (orderId: string): string => `${orderId}/payment/${++drawn}`',
      },
    ],
  },
  {
    name: 'hold-released-and-sold',
    because:
      'A checkout that sells its units leaves them in stock: they are sold as often as they are held.',
    patches: [
      {
        file: 'node/inventory/reservation.ts',
        find: `          rights === 0
            ? []`,
        replace: `          rights >= 0
            ? []`,
      },
    ],
  },
  {
    name: 'numbers-begin-anew',
    because: 'The how-many-eth order it is, is not counted on.',
    patches: [
      { file: 'node/checkout/driver.ts', find: 'ordinal: ++ordinal', replace: 'ordinal: 1' },
    ],
  },
  {
    name: 'everything-on-the-work-list',
    because: 'Whether a list of tasks is there is asked, and not whether something is on it.',
    patches: [
      {
        file: 'node/orders/projection.ts',
        find: 'has_tasks: tasksOf(shown).length > 0 ? 1 : 0',
        replace: 'has_tasks: tasksOf(shown) ? 1 : 0',
      },
    ],
  },
]
