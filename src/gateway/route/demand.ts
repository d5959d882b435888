import { emptyTally, type Tally } from './tally.ts';

/** Requests and responses of an alias, as they were lately; it outlives its queue. */
export interface Demand {
  /** The deployments that its last request could use. */
  deployments: readonly string[];
  /** Requests a second, over a minute and over ten, until `atMs`. */
  fastRate: number;
  slowRate: number;
  atMs: number;
  /** When its first request came. */
  readonly sinceMs: number;
  /** Mean tokens of a prompt, and the share of it that servers had in their caches. */
  promptTokens: number;
  coveredShare: number;
  /** Mean tokens of a response. */
  outTokens: number;
  /** Tokens that a model makes of an estimated token. */
  estimateFactor: number;
  /** Requests a second that its replicas could serve lately. */
  capacity: { readonly atMs: number; readonly rate: number } | undefined;
  /** Its requests and the replicas that serve them, as the last look for places of loads has found them. */
  readonly supply: Supply;
  readonly tally: Tally;
}

/** An alias, with the backends that have its model in memory, in one look for places. */
export interface Supply {
  /** The number of the look. */
  look: number;
  /** Requests a second that come, and that the backends serve in all. */
  lambda: number;
  rate: number;
  copies: number;
}

const FAST_S = 60;
const SLOW_S = 600;

/** An alias without requests. */
export function createDemand(nowMs: number): Demand {
  return {
    deployments: [],
    fastRate: 0,
    slowRate: 0,
    atMs: nowMs,
    sinceMs: nowMs,
    promptTokens: 1000,
    coveredShare: 0,
    outTokens: 200,
    estimateFactor: 1,
    capacity: undefined,
    supply: { look: 0, lambda: 0, rate: 0, copies: 0 },
    tally: emptyTally(),
  };
}

/** Records a request. */
export function observeArrival(demand: Demand, nowMs: number): void {
  fade(demand, nowMs);
  demand.fastRate += 1 / FAST_S;
  demand.slowRate += 1 / SLOW_S;
}

/** Requests a second that are expected. */
export function arrivalRate(demand: Demand, nowMs: number): number {
  const passedS = Math.max(0, nowMs - demand.atMs) / 1000;
  const fastRate = demand.fastRate * Math.exp(-passedS / FAST_S);
  const slowRate = demand.slowRate * Math.exp(-passedS / SLOW_S);
  const { sinceMs } = demand;
  // The slow rate has not seen its whole time yet.
  const seen = 1 - Math.exp(-Math.max(1, (nowMs - sinceMs) / 1000) / SLOW_S);
  const slow = slowRate / seen;
  const samples = FAST_S * Math.max(fastRate, slow);
  return (samples * fastRate + 4 * slow) / (samples + 4);
}

/** Records a prompt: its estimate, its tokens as the server counted them, and those that a cache had. */
export function observePrompt(
  demand: Demand,
  { estimated, counted, covered }: { readonly estimated: number; readonly counted: number; readonly covered: number },
): void {
  demand.promptTokens += 0.05 * (counted - demand.promptTokens);
  demand.coveredShare += 0.05 * (Math.min(1, covered / Math.max(1, counted)) - demand.coveredShare);
  if (estimated >= 50)
    demand.estimateFactor += 0.1 * (Math.min(4, Math.max(0.25, counted / estimated)) - demand.estimateFactor);
}

/** Records the tokens of a response. */
export function observeResponse(demand: Demand, tokens: number): void {
  demand.outTokens += 0.05 * (tokens - demand.outTokens);
}

function fade(demand: Demand, nowMs: number): void {
  const passedS = Math.max(0, nowMs - demand.atMs) / 1000;
  demand.fastRate *= Math.exp(-passedS / FAST_S);
  demand.slowRate *= Math.exp(-passedS / SLOW_S);
  demand.atMs = nowMs;
}
