/** The known name that was probably meant: at most two edits away, in short words one. `undefined` if there is none. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const distances = known.map((candidate) => ({ candidate, distance: distanceOf(name, candidate) }));
  const [nearest] = distances.toSorted((a, b) => a.distance - b.distance);
  // In short words two edits make another word: port and host.
  return nearest !== undefined && nearest.distance <= (Math.min(name.length, nearest.candidate.length) < 6 ? 1 : 2)
    ? nearest.candidate
    : undefined;
}

/** The number of characters to insert, remove, change or swap with their neighbour (Damerau, optimal string alignment). */
function distanceOf(a: string, b: string): number {
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      next.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (next[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [before, last] = [last, next];
  }
  return last[b.length] ?? 0;
}
