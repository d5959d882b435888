/** Speed of a model on a backend in tokens; `undefined` before the first sample. */
export interface Rates {
  /** Tokens of a prompt that it reads in a second. */
  prefill: number | undefined;
  /** Tokens of a response that it makes in a second while it serves nothing else. */
  decode: number | undefined;
  samples: number;
}

/** A model on a backend. */
interface RatedModel {
  readonly model: string;
  readonly rates: Rates;
}

/** Rates by model. */
interface AllRates {
  readonly models: Map<string, Rates>;
}

const PRIOR = { prefill: 2000, decode: 60 };
/** A smaller sample measures the clock, tokens. */
const LEAST_PREFILL = 200;
const LEAST_DECODE = 8;

/** Nothing is known yet. */
export function unknownRates(): Rates {
  return { prefill: undefined, decode: undefined, samples: 0 };
}

/** Tokens of a prompt a second, of a model on a backend: its own rate, else that of the model elsewhere, else a guess. */
export function prefillRate({ models }: AllRates, { model, rates }: RatedModel): number {
  return rates.prefill ?? models.get(model)?.prefill ?? PRIOR.prefill;
}

/** Tokens of a response a second, in the same way. */
export function decodeRate({ models }: AllRates, { model, rates }: RatedModel): number {
  return rates.decode ?? models.get(model)?.decode ?? PRIOR.decode;
}

/** Tokens a second for each of `streams` streams of a model, with `busy` models at work on its backend. */
export function decodeShare(decode: number, streams: number, busy: number): number {
  return (decode * (1 + 0.4 * (streams - 1))) / (streams * busy);
}

/** An answered request: tokens that were read anew and the time for it, tokens of the response and the time for them, ms. */
export interface RateSample {
  readonly readTokens: number;
  readonly prefillMs: number;
  readonly outTokens: number;
  readonly decodeMs: number;
  /** Mean number of streams of the model, and of models at work on the backend, meanwhile. */
  readonly streams: number;
  readonly busy: number;
}

/** Learns from an answered request. */
export function observeRates({ models }: AllRates, { model, rates }: RatedModel, sample: RateSample): void {
  const { readTokens, prefillMs, outTokens, decodeMs, streams, busy } = sample;
  const all = models.get(model) ?? unknownRates();
  models.set(model, all);
  rates.samples += 1;
  if (readTokens > LEAST_PREFILL && prefillMs > 0) {
    const rate = (readTokens / prefillMs) * 1000 * busy;
    // Much faster: the prompt was cached.
    if (rates.prefill === undefined || rate <= 3 * rates.prefill) {
      rates.prefill = moved(rates.prefill, rate, rates.samples);
      all.prefill = moved(all.prefill, rate, 10);
    }
  }
  if (outTokens >= LEAST_DECODE && decodeMs > 0) {
    const rate = ((outTokens / decodeMs) * 1000 * streams * busy) / (1 + 0.4 * (streams - 1));
    rates.decode = moved(rates.decode, rate, rates.samples);
    all.decode = moved(all.decode, rate, 10);
  }
}

function moved(known: number | undefined, observed: number, samples: number): number {
  return known === undefined ? observed : known + (observed - known) * (samples <= 4 ? 0.5 : 0.1);
}
