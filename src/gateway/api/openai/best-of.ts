import type { Json } from '../../json.ts';
import type { TextCompletion } from './text-completion.ts';

/** Picks the likeliest candidates of each prompt, as many as `choices`. Orders them by likelihood and renumbers them. */
export function bestOf(
  encoders: readonly TextCompletion[],
  candidates: number,
  choices: number,
): readonly (Json | undefined)[] {
  if (candidates === choices) return encoders.map(({ choice }) => choice);
  const best: TextCompletion[] = [];
  for (let from = 0; from < encoders.length; from += candidates) {
    const ranked = encoders
      .slice(from, from + candidates)
      .toSorted((a, b) => (a.likelihood === b.likelihood ? 0 : b.likelihood - a.likelihood));
    best.push(...ranked.slice(0, choices));
  }
  return best.map(({ choice }, index) => ({ ...choice, index }));
}
