/**
 * Translates a shell pattern as Python's `fnmatch.translate` does: `*`, `?`, `[abc]`, `[!abc]`, `[a-c]`. A range that runs
 * backwards is empty, and a `[` without its `]` is a character. The expression matches whole names.
 */
export function shellPattern(pattern: string): RegExp {
  // A `]` right behind `[` or `[!` is a character, so `[!]1` has no end.
  const body = pattern.replaceAll(
    /\[(?:(!)|(?!!))(\][^\]]*|[^\]]+)\]|[^]/gu,
    (part, negated?: string, set?: string) => {
      if (set !== undefined) return classOf(set, negated === '!');
      if (part === '*') return '.*';
      return part === '?' ? '.' : literal(part);
    },
  );
  return new RegExp(`^(?:${body})$`, 'su');
}

function classOf(set: string, negated: boolean): string {
  const characters = Array.from(set);
  const ranges: string[] = [];
  for (let index = 0; index < characters.length; index += 1) {
    const first = characters[index] ?? '';
    const last = characters[index + 1] === '-' ? characters[index + 2] : undefined;
    if (last === undefined) ranges.push(literal(first));
    else {
      if ((first.codePointAt(0) ?? 0) <= (last.codePointAt(0) ?? 0)) ranges.push(`${literal(first)}-${literal(last)}`);
      index += 2;
    }
  }
  if (ranges.length === 0) return negated ? '.' : '(?!)';
  return `[${negated ? '^' : ''}${ranges.join('')}]`;
}

/** A character by its number, which is no syntax anywhere in an expression. */
function literal(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
