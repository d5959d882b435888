const CONTEXT = 2;

/** The lines that differ between two texts, marked with `-` and `+`, with some lines of context. */
export function diffLines(before: string, after: string): string {
  const [old, desired] = [before, after].map((text) => text.replace(/\n$/, '').split('\n'));
  const marked = align(before === '' ? [] : (old ?? []), desired ?? []);
  const near = marked.map((_, index) =>
    marked.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => !line.startsWith(' ')),
  );
  return marked
    .flatMap((line, index) => (near[index] === true ? [line] : near[index - 1] === true || index === 0 ? ['  …'] : []))
    .join('\n');
}

/** Cells of the largest table of {@link byTable}: 16 MiB. */
const MOST_CELLS = 4_194_304;

/** The lines of both texts in order, each with its sign: `  `, `- ` or `+ `. */
function align(old: readonly string[], desired: readonly string[]): readonly string[] {
  const shorter = Math.min(old.length, desired.length);
  let head = 0;
  while (head < shorter && old[head] === desired[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === desired[desired.length - 1 - tail]) tail += 1;
  const middle = [old.slice(head, old.length - tail), desired.slice(head, desired.length - tail)] as const;
  return [...signed(' ', old.slice(0, head)), ...alignMiddle(...middle), ...signed(' ', old.slice(old.length - tail))];
}

function alignMiddle(old: readonly string[], desired: readonly string[]): readonly string[] {
  if ((old.length + 1) * (desired.length + 1) <= MOST_CELLS) return byTable(old, desired);
  const anchors = anchorsOf(old, desired);
  if (anchors.length === 0) return [...signed('-', old), ...signed('+', desired)];
  const lines: string[] = [];
  let [i, j] = [0, 0];
  for (const [at, to] of [...anchors, [old.length, desired.length] as const]) {
    lines.push(...align(old.slice(i, at), desired.slice(j, to)));
    if (at < old.length) lines.push(`  ${old[at] ?? ''}`);
    [i, j] = [at + 1, to + 1];
  }
  return lines;
}

/** Places of lines that stand once in both texts, rising in both (patience diff): a long file is cut there into short ones. */
function anchorsOf(old: readonly string[], desired: readonly string[]): readonly (readonly [number, number])[] {
  const there = onceIn(desired);
  const pairs = [...onceIn(old)].flatMap(([line, at]) => {
    const to = there.get(line);
    return to === undefined ? [] : [[at, to] as const];
  });
  // The longest rising run, by piles: each pair lies on the first pile whose top is not before it, and remembers the pile before.
  const tops: { readonly pair: readonly [number, number]; readonly before: number }[] = [];
  const placed: { readonly pair: readonly [number, number]; readonly before: number }[] = [];
  const piles: number[] = [];
  for (const pair of pairs) {
    let [low, high] = [0, piles.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((tops[middle]?.pair[1] ?? 0) < pair[1]) low = middle + 1;
      else high = middle;
    }
    const entry = { pair, before: low === 0 ? -1 : (piles[low - 1] ?? -1) };
    tops[low] = entry;
    piles[low] = placed.push(entry) - 1;
  }
  const run: (readonly [number, number])[] = [];
  for (let at = piles.at(-1) ?? -1; at >= 0; at = placed[at]?.before ?? -1) run.push(placed[at]?.pair ?? [0, 0]);
  return run.toReversed();
}

function onceIn(lines: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [index, line] of lines.entries()) places.set(line, places.has(line) ? -1 : index);
  return new Map([...places].filter(([, index]) => index >= 0));
}

function signed(sign: string, lines: readonly string[]): readonly string[] {
  return lines.map((line) => `${sign} ${line}`);
}

/** The longest common subsequence, by a table. */
function byTable(old: readonly string[], desired: readonly string[]): readonly string[] {
  const width = desired.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = desired.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] = old[i] === desired[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < desired.length) {
    if (i < old.length && j < desired.length && old[i] === desired[j]) {
      lines.push(`  ${old[i] ?? ''}`);
      i += 1;
      j += 1;
    } else if (j < desired.length && (i >= old.length || at(i, j + 1) > at(i + 1, j)))
      lines.push(`+ ${desired[j++] ?? ''}`);
    else lines.push(`- ${old[i++] ?? ''}`);
  }
  return lines;
}
