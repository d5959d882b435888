import { diffArrays } from 'diff';

const CONTEXT = 2;

/** The lines that differ between two texts, `-` and `+` before them, with some that stay around them. */
export function diffLines(before: string, after: string): string {
  const marked = diffArrays(linesOf(before), linesOf(after)).flatMap(({ added, removed, value }) => value.map((line) => `${added ? '+' : removed ? '-' : ' '} ${line}`));
  const near = marked.map((_, index) => marked.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => !line.startsWith(' ')));
  return marked.flatMap((line, index) => (near[index] === true ? [line] : near[index - 1] === true || index === 0 ? ['  …'] : [])).join('\n');
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}
