import type { Deployment } from '../../schema/gateway-config.ts';
import { modelKey } from './model-key.ts';

/** The text that tokens are estimated from: a request's body, or the prompt that the model's template makes of it. */
export type Measure = 'request' | 'prompt';

// About four characters of prose are a token, about three of code and JSON; a body has words that the model does not read.
const PRIOR: Readonly<Record<Measure, number>> = { request: 0.25, prompt: 0.28 };
/** Weight of each older sample, relative to the next. */
const FADING = 0.95;

/** Sums for a least-squares line through the samples: a template adds a constant to every prompt. */
interface Samples {
  weight: number;
  x: number;
  y: number;
  xx: number;
  xy: number;
}

/** Learns how many tokens a model makes of a length of text. Aliases of one model share samples. */
export class TokenCounts {
  /** By model. */
  readonly #samples: Readonly<Record<Measure, Map<string, Samples>>> = { request: new Map(), prompt: new Map() };

  /** Records a sample. */
  observe(measure: Measure, deployment: Deployment, length: number, tokens: number): void {
    const all = this.#samples[measure];
    const key = modelKey(deployment);
    const samples = all.get(key) ?? { weight: 0, x: 0, y: 0, xx: 0, xy: 0 };
    all.set(key, samples);
    samples.weight = samples.weight * FADING + 1;
    samples.x = samples.x * FADING + length;
    samples.y = samples.y * FADING + tokens;
    samples.xx = samples.xx * FADING + length * length;
    samples.xy = samples.xy * FADING + length * tokens;
  }

  /** The likely number of tokens for a length of text. */
  estimate(measure: Measure, deployment: Deployment, length: number): number {
    const samples = this.#samples[measure].get(modelKey(deployment));
    return Math.max(1, Math.round(samples === undefined ? length * PRIOR[measure] : along(samples, length)));
  }

  /** The number of tokens that a length of English text has in most models. */
  prior(measure: Measure, length: number): number {
    return Math.ceil(length * PRIOR[measure]);
  }

  /** Forgets the samples of all other models. */
  keep(deployments: readonly Pick<Deployment, 'url' | 'model'>[]): void {
    const kept = new Set(deployments.map(modelKey));
    for (const samples of Object.values(this.#samples))
      for (const key of samples.keys()) if (!kept.has(key)) samples.delete(key);
  }

  /** Whether there is a sample. */
  knows(measure: Measure, deployment: Deployment): boolean {
    return this.#samples[measure].has(modelKey(deployment));
  }
}

function along({ weight, x, y, xx, xy }: Samples, length: number): number {
  const [mean, tokens] = [x / weight, y / weight];
  const spread = xx / weight - mean * mean;
  const slope = (xy / weight - mean * tokens) / spread;
  // Prompts of about the same length do not determine a line, and no text has more tokens than bytes.
  if (!(spread > (mean * 0.1) ** 2) || slope < 0.02 || slope > 1) return (length * tokens) / mean;
  return tokens + slope * (length - mean);
}
