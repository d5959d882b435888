/** The smallest value that `percent` of 100 values do not exceed (nearest rank); `undefined` of no values. */
export function percentileOf(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** The middle of the values, the lower one of two. */
export function medianOf(values: readonly number[]): number | undefined {
  return percentileOf(values, 50);
}
