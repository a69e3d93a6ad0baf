/** The codes of all that prices depend on: zones, shipping, tax, promotions, coupons. */

import type { ErrorDocument } from '../errors.ts'

export const pricingErrorCodes = {
  zone_exists: {
    status: 409,
    title: 'There is such a zone already',
    normal: 'When two people set up the same shop.',
    next: 'Edit the existing zone, which the detail names, or choose another name.',
  },
  zone_not_found: {
    status: 404,
    title: 'There is no such zone here',
    normal: 'Shortly after the zone was made at a node that is cut off from this one.',
    next: 'List the zones; try again when the nodes have met.',
  },
  shipping_method_exists: {
    status: 409,
    title: 'There is such a shipping method already',
    normal: 'When two people set up the same shop.',
    next: 'Edit the existing method, which the detail names, or choose another name.',
  },
  shipping_method_not_found: {
    status: 404,
    title: 'There is no such shipping method here',
    normal: 'Shortly after the method was made at a node that is cut off from this one.',
    next: 'List the methods; try again when the nodes have met.',
  },
  shipment_not_found: {
    status: 404,
    title: 'There is no such shipment here',
    normal: 'Shortly after the shipment was made at a node that is cut off from this one.',
    next: 'Check the id; try again when the nodes have met.',
  },
  tax_rate_exists: {
    status: 409,
    title: 'There is such a tax rate already',
    normal: 'When two people set up the same shop.',
    next: 'Edit the existing rate, which the detail names, or choose another name.',
  },
  tax_rate_not_found: {
    status: 404,
    title: 'There is no such tax rate here',
    normal: 'Shortly after the rate was made at a node that is cut off from this one.',
    next: 'List the rates; try again when the nodes have met.',
  },
  promotion_exists: {
    status: 409,
    title: 'There is such a promotion already',
    normal: 'When two people plan the same season.',
    next: 'Edit the existing promotion, which the detail names, or choose another name.',
  },
  promotion_not_found: {
    status: 404,
    title: 'There is no such promotion here',
    normal: 'Shortly after the promotion was made at a node that is cut off from this one.',
    next: 'List the promotions; try again when the nodes have met.',
  },
  coupon_exists: {
    status: 409,
    title: 'There is such a coupon already',
    normal: 'When a code is chosen that was used before: a code keeps its meaning.',
    next: 'Choose another code, or change the coupon that has it.',
  },
  coupon_not_found: {
    status: 404,
    title: 'There is no such coupon here',
    normal: 'Shortly after the coupon was made at a node that is cut off from this one.',
    next: 'Check the code; try again when the nodes have met.',
  },
  coupon_unusable: {
    status: 409,
    title: 'The coupon cannot be used',
    normal: 'When its last use went to somebody else, or waits in a region that is cut off.',
    next: 'Ask for a quote again: its problems say why. Take the coupon out, or try later.',
  },
  limit_reached: {
    status: 422,
    title: 'The shop has as many of this as it may have',
    normal: 'Never.',
    next: 'Delete one that is not used any more; the detail gives the limit.',
  },
} as const satisfies Record<string, ErrorDocument>
