/** A limit of 0 is used up from the start. */
export function partOf(amount: number, limit: number): number {
  return limit === 0 ? 1 : amount / limit;
}
