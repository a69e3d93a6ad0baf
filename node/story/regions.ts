/** The three regions of the story, and one of something for each. */

export const regions = ['eu', 'us', 'ap'] as const

export type Region = (typeof regions)[number]
export type ByRegion<T> = Readonly<Record<Region, T>>

/** The same made for each region. */
export const forRegions = <T>(make: (region: Region) => T): ByRegion<T> => ({
  eu: make('eu'),
  us: make('us'),
  ap: make('ap'),
})

/** The same awaited for each region, all at once. */
export const inRegions = async <T>(make: (region: Region) => Promise<T>): Promise<ByRegion<T>> => {
  const [eu, us, ap] = await Promise.all([make('eu'), make('us'), make('ap')])
  return { eu, us, ap }
}

/** Whether what was read is the same text, number or truth in all three. */
export const isSame = <T extends string | number | boolean | null | undefined>({
  eu,
  us,
  ap,
}: ByRegion<T>): boolean => eu === us && us === ap
