/** The codes that what an admin does with stock may be answered with, and a buyer in a flash sale. */

import type { ErrorDocument } from '../errors.ts'

export const inventoryErrorCodes = {
  location_not_found: {
    status: 404,
    title: 'There is no such location here',
    normal: 'Shortly after the location was made at a node that is cut off from this one.',
    next: 'List the locations; try again when the nodes have met.',
  },
  nothing_in_doubt: {
    status: 409,
    title: 'There is nothing to vouch for',
    normal: 'When all other nodes were heard in the meantime.',
    next: 'Read the rights again.',
  },
  estate_not_open: {
    status: 409,
    title: 'The rights of that node are not to be taken over',
    normal: 'When the node is not declared gone, or another one is its heir.',
    next: 'Declare the node gone first; the detail says who waits for whom.',
  },
  sale_not_found: {
    status: 404,
    title: 'There is no such flash sale here',
    normal: 'Before a sale is announced, or when that was at a node that is cut off from this one.',
    next: 'List the sales.',
  },
  sale_not_active: {
    status: 409,
    title: 'The flash sale is not on',
    normal: 'Before its first minute and after its last.',
    next: 'Come back at the time that the problem names.',
  },
  sold_out: {
    status: 409,
    title: 'It is sold out',
    normal: 'For most who come to a flash sale.',
    next: 'Units come back when somebody does not pay in time: try again, or do not.',
  },
  purchase_limit_reached: {
    status: 409,
    title: 'One buyer gets no more than this',
    normal: 'When somebody tries to buy twice what is sold once.',
    next: 'Leave some for others.',
  },
  purchase_not_found: {
    status: 404,
    title: 'There is no such purchase here',
    normal: 'When it was made at a node that is cut off from this one.',
    next: 'Ask the node that it was made at.',
  },
  purchase_elsewhere: {
    status: 409,
    title: 'The units are set aside at another node',
    normal: 'When somebody is sent to another region between the attempt and the order.',
    next: 'Order at the node that the problem names.',
  },
} as const satisfies Record<string, ErrorDocument>
