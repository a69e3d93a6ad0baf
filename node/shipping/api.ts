/** Shipping's words in the API. */

import { z } from '@hono/zod-openapi'
import { exponentOf } from '../catalog/money.ts'
import { isVariantId } from '../catalog/ids.ts'
import { Currency, line, Money, PageQuery, page, Receipt } from '../http/schemas.ts'
import { Name, NamedId, Time } from '../pricing/api.ts'
import * as limits from './limits.ts'
import { bases } from './method.ts'
import { isShipmentId, shipmentStatuses } from './shipment.ts'
import { areaPattern, normalArea } from './zone.ts'

const Area = z
  .string()
  .max(64)
  .transform(normalArea)
  .refine((area) => areaPattern.test(area), 'Must be *, DE, US/CA, DE:80 or US/CA:90')
  .openapi({
    type: 'string',
    example: 'US/CA',
    description: '`*` everywhere, `DE` a country, `US/CA` a state, `DE:80` postal codes.',
  })

const zoneFields = { name: Name, areas: z.array(Area).min(1).max(limits.areasMax) }

export const ZoneBody = z.strictObject(zoneFields).openapi('NewZone')
export const ZonePatch = z.strictObject(zoneFields).partial().openapi('ZonePatch')
export const ZoneOut = z
  .object({ id: z.string(), name: z.string(), areas: z.array(z.string()) })
  .openapi('Zone')

const Amount = Money.shape.amount

const RateBody = z
  .strictObject({
    zone: NamedId,
    currency: Currency.refine((code) => exponentOf(code) !== undefined, 'Is no ISO 4217 currency'),
    basis: z.enum(bases).openapi({
      description: 'What the steps go by: nothing, grams, or the goods after their discounts.',
    }),
    steps: z
      .array(z.strictObject({ from: Amount, amount: Amount }))
      .min(1)
      .max(limits.stepsMax)
      .refine(
        (steps) => steps.every(({ from }, at) => at === 0 || from > (steps[at - 1]?.from ?? 0)),
        'Must rise from step to step',
      ),
    upTo: Amount.nullable()
      .default(null)
      .openapi({ description: 'Grams or minor units; what is more does not travel this way.' }),
  })
  .refine(({ basis, steps, upTo }) => basis !== 'flat' || isFlat(steps, upTo), {
    path: ['steps'],
    message: 'A flat rate is one step from 0, without a bound',
  })

const isFlat = (steps: readonly { readonly from: number }[], upTo: number | null): boolean =>
  steps.length === 1 && steps[0]?.from === 0 && upTo === null

const Rates = z
  .array(RateBody)
  .max(limits.ratesMax)
  .refine(
    (rates) =>
      new Set(rates.map(({ zone, currency }) => `${zone} ${currency}`)).size === rates.length,
    'Two are for the same zone and currency',
  )

const Days = z
  .strictObject({
    min: z.int().min(0).max(limits.daysMax),
    max: z.int().min(0).max(limits.daysMax),
  })
  .refine(({ min, max }) => min <= max, 'Must not end before they begin')

const methodFields = {
  name: Name,
  carrier: z.union([z.literal(''), line(limits.carrierMax)]),
  days: Days,
  rates: Rates,
}

export const MethodBody = z
  .strictObject({
    ...methodFields,
    carrier: methodFields.carrier.default(''),
    rates: Rates.default([]),
  })
  .openapi('NewShippingMethod')
export const MethodPatch = z
  .strictObject(methodFields)
  .partial()
  .openapi('ShippingMethodPatch', { description: 'Rates, if given, are all rates.' })

const methodOut = {
  id: z.string(),
  name: z.string(),
  carrier: z.string(),
  days: z.object({ min: z.int(), max: z.int() }),
}

export const MethodOut = z
  .object({
    ...methodOut,
    rates: z.array(
      z.object({
        zone: z.string(),
        currency: z.string(),
        basis: z.enum(bases),
        steps: z.array(z.object({ from: z.int(), amount: z.int() })),
        upTo: z.int().nullable(),
      }),
    ),
  })
  .openapi('ShippingMethod')

const naturalText = z
  .string()
  .regex(/^\d{1,12}$/, 'Must be a whole number')
  .transform(Number)

export const OfferQuery = z.strictObject({
  country: z
    .string()
    .regex(/^[A-Za-z]{2}$/, 'Must be an ISO 3166-1 code: two letters')
    .optional(),
  state: z.string().max(100).optional(),
  postalCode: z.string().max(20).optional(),
  currency: Currency.default('USD'),
  subtotal: naturalText.default(0).openapi({ type: 'integer', description: 'Minor units.' }),
  grams: naturalText.default(0).openapi({ type: 'integer' }),
})

export const OfferList = z
  .object({
    items: z.array(
      z.object({
        ...methodOut,
        price: Money.nullable().openapi({ description: 'null: no country was given.' }),
      }),
    ),
  })
  .openapi('ShippingOffers')

export const WeightBody = z
  .strictObject({
    grams: z.int().min(0).max(limits.gramsMax).nullable(),
    variantId: z.string().refine(isVariantId, 'Is no variant id').optional().openapi({
      type: 'string',
      description: 'Left out: what every variant weighs that has no weight of its own.',
    }),
  })
  .openapi('Weight')

export const WeightOut = z
  .object({ id: z.string(), grams: z.int().nullable(), receipt: Receipt })
  .openapi('WeightSet')

export const ShipmentParams = z.object({
  id: z
    .string()
    .refine(isShipmentId, 'Is no shipment id')
    .openapi({
      param: { name: 'id', in: 'path' },
      type: 'string',
      example: '0c4e8f3b2a1d6e7f90a1b2c3d4',
    }),
})

export const ShipmentQuery = PageQuery.extend({ order: line(64).optional() })

const shipmentFields = {
  carrier: line(limits.carrierMax).nullable(),
  trackingNumber: line(limits.trackingNumberMax).nullable(),
  estimatedDelivery: Time.nullable(),
}

export const ShipmentBody = z
  .strictObject({
    order: line(64),
    units: z
      .array(
        z.strictObject({
          variantId: z.string().refine(isVariantId, 'Is no variant id').openapi({ type: 'string' }),
          units: z.int().min(1).max(999),
        }),
      )
      .min(1)
      .max(limits.shippedLinesMax),
    method: NamedId.nullable().default(null),
    from: line(64).nullable().default(null),
    carrier: shipmentFields.carrier.default(null),
    trackingNumber: shipmentFields.trackingNumber.default(null),
    estimatedDelivery: shipmentFields.estimatedDelivery.default(null),
  })
  .openapi('NewShipment')

export const ShipmentPatch = z.strictObject(shipmentFields).partial().openapi('ShipmentPatch')

export const ShipmentEventBody = z
  .strictObject({
    id: line(limits.eventIdMax).optional().openapi({
      description: "The carrier's name for the event: sent twice it counts once.",
    }),
    status: z.enum(shipmentStatuses),
    location: line(limits.locationMax).nullable().default(null),
    note: line(limits.noteMax).nullable().default(null),
    at: Time.optional().openapi({
      description: 'When it happened; now, if it is left out.',
    }),
  })
  .openapi('NewShipmentEvent')

export const ShipmentOut = z
  .object({
    id: z.string(),
    order: z.string(),
    units: z.array(z.object({ variant: z.string(), units: z.int() })),
    method: z.string().nullable(),
    from: z.string().nullable(),
    carrier: z.string().nullable(),
    trackingNumber: z.string().nullable(),
    status: z.enum(shipmentStatuses),
    location: z.string().nullable(),
    estimatedDelivery: z.iso.datetime().nullable(),
    deliveredAt: z.iso.datetime().nullable(),
    events: z.array(
      z.object({
        id: z.string(),
        status: z.enum(shipmentStatuses),
        location: z.string().nullable(),
        note: z.string().nullable(),
        at: z.iso.datetime(),
      }),
    ),
  })
  .openapi('Shipment')

export const ChangedShipment = ShipmentOut.extend({ receipt: Receipt }).openapi('ChangedShipment')
export const ShipmentPage = page(ShipmentOut).openapi('ShipmentPage')
