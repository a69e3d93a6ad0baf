/** Whether a series of sizes grows: the line through it by least squares, beside the noise around it. */

export interface Sample {
  readonly seconds: number
  readonly bytes: number
}

export interface Trend {
  readonly meanBytes: number
  /** From the first sample to the last, by the line. */
  readonly grownBytes: number
  /** The standard deviation of the samples from the line. */
  readonly noiseBytes: number
  readonly isGrowing: boolean
}

// Neighbouring samples are alike, so the noise is not divided by how many there are. A hundredth is what
// the heaps of Node's threads do in a minute by themselves.
const noisesMax = 3
const shareMax = 0.01

export const trendOf = (samples: readonly Sample[]): Trend => {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const meanSeconds = mean(samples.map(({ seconds }) => seconds))
  const meanBytes = mean(samples.map(({ bytes }) => bytes))
  const spread = samples.reduce((sum, { seconds }) => sum + (seconds - meanSeconds) ** 2, 0)
  const slope =
    samples.reduce(
      (sum, each) => sum + (each.seconds - meanSeconds) * (each.bytes - meanBytes),
      0,
    ) / spread
  const lineAt = (seconds: number) => meanBytes + slope * (seconds - meanSeconds)
  const noiseBytes = Math.sqrt(
    mean(samples.map(({ seconds, bytes }) => (bytes - lineAt(seconds)) ** 2)),
  )
  const grownBytes = slope * ((samples.at(-1)?.seconds ?? 0) - (samples[0]?.seconds ?? 0))
  return {
    meanBytes,
    grownBytes,
    noiseBytes,
    isGrowing: grownBytes > noisesMax * noiseBytes && grownBytes > shareMax * meanBytes,
  }
}
