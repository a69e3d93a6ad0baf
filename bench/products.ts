/** Products that nobody sells, the same ones every time: for a catalog of any size. */

const nouns = [
  'lamp',
  'kettle',
  'chair',
  'radio',
  'tent',
  'jacket',
  'speaker',
  'bottle',
  'desk',
  'rope',
]
const adjectives = ['harbour', 'quiet', 'folding', 'copper', 'northern', 'light', 'sturdy', 'amber']
const departments = ['Home', 'Outdoor', 'Office', 'Kitchen', 'Sound']
const brands = ['Outer Ledge', 'Kelp & Sons', 'Lanternworks', 'Saltbox', 'Fathom', 'Breakwater']
const words =
  'made for coasts where the wind never stops and for people who keep things it holds up to salt rain and years of use folds flat dries fast and can be repaired with a screwdriver'.split(
    ' ',
  )

const pick = <T>(items: readonly T[], at: number): T => items[at % items.length]!

/** The product with this number, as a line of a catalog file has it. */
export const productOf = (number: number, prefix = 'B') => ({
  sku: `${prefix}-${String(number).padStart(7, '0')}`,
  name: `${pick(adjectives, number)} ${pick(nouns, number * 7)} ${number}`,
  description: Array.from({ length: 40 }, (_, at) => pick(words, number * 11 + at * 5)).join(' '),
  brand: `${pick(brands, number * 3)} ${number % 20}`,
  categories: [pick(departments, number), `${pick(nouns, number * 7)}s`],
  price: 5 + (number % 20_000) / 100,
  tags: [pick(adjectives, number * 5), pick(words, number)].filter(
    (tag, at, all) => all.indexOf(tag) === at,
  ),
  popularity: number % 1_000,
})

/** The same as the body of `POST /products`. */
export const productBodyOf = (number: number, prefix?: string) => ({
  ...productOf(number, prefix),
  initialQuantity: 10 + (number % 90),
})
