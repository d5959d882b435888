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

// Longest common subsequence by table: these files have some hundred lines, and plan takes no packages.
function align(old: readonly string[], desired: readonly string[]): readonly string[] {
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
