import type { Json } from '../../json.ts';
import type { TextCompletion } from './text-completion.ts';

/** Of each prompt's candidates the likeliest, so many as choices were asked for, numbered anew; the likeliest comes first. */
export function bestOf(
  gathered: readonly TextCompletion[],
  candidates: number,
  choices: number,
): readonly (Json | undefined)[] {
  if (candidates === choices) return gathered.map(({ choice }) => choice);
  const best: TextCompletion[] = [];
  for (let from = 0; from < gathered.length; from += candidates) {
    const ranked = gathered
      .slice(from, from + candidates)
      .toSorted((a, b) => (a.likelihood === b.likelihood ? 0 : b.likelihood - a.likelihood));
    best.push(...ranked.slice(0, choices));
  }
  return best.map(({ choice }, index) => ({ ...choice, index }));
}
