import type { Deployment } from '../../schema/gateway-config.ts';

/** What tokens are estimated from: a request's body, or the prompt that its model's template makes of it. */
export type Measure = 'request' | 'prompt';

// Of prose some four characters are a token, of code and JSON some three; a body has words that no model reads.
const PRIOR: Readonly<Record<Measure, number>> = { request: 0.25, prompt: 0.28 };
/** How much less each older sample counts. */
const FADING = 0.95;

/** Sums over what was seen, by which a line is laid through it: a template adds the same to every prompt. */
interface Seen {
  weight: number;
  x: number;
  y: number;
  xx: number;
  xy: number;
}

/** Remembers how many tokens models were seen to make of how much text. */
export class TokenCounts {
  readonly #seen = new Map<string, Seen>();

  /** A prompt of that length had so many tokens. */
  observe(measure: Measure, deployment: Deployment, length: number, tokens: number): void {
    const key = keyOf(measure, deployment);
    const { weight, x, y, xx, xy } = this.#seen.get(key) ?? { weight: 0, x: 0, y: 0, xx: 0, xy: 0 };
    this.#seen.set(key, {
      weight: weight * FADING + 1,
      x: x * FADING + length,
      y: y * FADING + tokens,
      xx: xx * FADING + length * length,
      xy: xy * FADING + length * tokens,
    });
  }

  /** How many tokens a prompt of that length is likely to have. */
  estimate(measure: Measure, deployment: Deployment, length: number): number {
    const seen = this.#seen.get(keyOf(measure, deployment));
    return Math.max(1, Math.round(seen === undefined ? length * PRIOR[measure] : along(seen, length)));
  }

  /** Whether anything was seen of it. */
  knows(measure: Measure, deployment: Deployment): boolean {
    return this.#seen.has(keyOf(measure, deployment));
  }
}

function along({ weight, x, y, xx, xy }: Seen, length: number): number {
  const [mean, tokens] = [x / weight, y / weight];
  const spread = xx / weight - mean * mean;
  const slope = (xy / weight - mean * tokens) / spread;
  // Prompts that are about as long as each other say nothing about a line, and no text has more tokens than bytes.
  if (!(spread > (mean * 0.1) ** 2) || slope < 0.02 || slope > 1) return (length * tokens) / mean;
  return tokens + slope * (length - mean);
}

// Aliases of one model learn from each other.
function keyOf(measure: Measure, { url, model }: Deployment): string {
  return `${measure} ${url} ${model}`;
}
