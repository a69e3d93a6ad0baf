/** What a node is called and where it is dialled, as text that an operator writes and a frame carries. */

import * as limits from './limits.ts'

/** What a node may be called. */
export const isNodeName = (text: string): boolean => namePattern.test(text)

const namePattern = /^[a-z0-9-]{1,32}$/

/** Whether `text` is somewhere to dial: `ws://host:port` or `wss://host:port`, ASCII, no more. */
export const isAddress = (text: string): boolean =>
  text.length <= limits.addressBytesMax && addressPattern.test(text) && URL.canParse(text)

const addressPattern = /^wss?:\/\/(?:[a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/
