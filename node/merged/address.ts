/** Where a merged store is: on a server, or inside the node that keeps it. */

export type MergedStoreAddress =
  | { readonly kind: 'server'; readonly url: string }
  | { readonly kind: 'embedded'; readonly directory: string }
