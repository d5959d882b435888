import type { Random } from '../../../src/simulation/random.ts';
import type { Scenario } from '../../../src/simulation/scenario.ts';
import type { Workload } from './workload.ts';
import { steady } from './arrivals.ts';
import { anyCaller, chat, numbered, type Draft } from './chats.ts';
import { minutes, MINUTES, modelsOf, rateAt, serversOf } from './fleets.ts';
import { CHAT, type ChatLengths } from './lengths.ts';

/** Time after which two models exchange their ranks, ms. */
const DRIFT_MS = 120_000;

interface Shape {
  readonly servers: number;
  readonly models: number;
  readonly load: number;
  readonly loadMs?: number;
  readonly forMinutes?: number;
  readonly lengths?: ChatLengths;
  readonly driftMs?: number;
}

/** More models than the servers hold, of which some are asked for more often; their ranks change. */
export function zipf(random: Random, shape: Shape): Scenario {
  const { servers: count, models: modelCount, load, loadMs } = shape;
  const { forMinutes = MINUTES, lengths = CHAT, driftMs = DRIFT_MS } = shape;
  const servers = serversOf(count);
  const models = modelsOf(random, modelCount, loadMs);
  const endMs = minutes(forMinutes);
  const ranks = driftingRanks(random, modelCount, endMs, driftMs);
  const make = (sentMs: number): Draft => {
    const shares = (ranks[Math.floor(sentMs / driftMs)] ?? []).map((rank) => 1 / (rank + 1));
    const model = `m${String(random.weighted(shares))}`;
    return chat(random, { model, sentMs, caller: anyCaller(random), ...lengths });
  };
  const rate = rateAt(load, servers, models, () => make(0));
  return { servers, models, requests: numbered(steady(random, endMs, rate).map(make)), faults: [] };
}

// The rank of each model, for each time between two changes.
function driftingRanks(random: Random, models: number, endMs: number, driftMs: number): readonly (readonly number[])[] {
  const ranks = Array.from({ length: models }, (_, index) => index);
  return Array.from({ length: Math.ceil(endMs / driftMs) }, () => {
    const [a, b] = [random.below(models), random.below(models)];
    [ranks[a], ranks[b]] = [ranks[b] ?? b, ranks[a] ?? a];
    return [...ranks];
  });
}

function workload(name: string, about: string, shape: Shape): Workload {
  return { name, about, class: 'more models than fit', scenario: (random) => zipf(random, shape) };
}

/** More models than the servers hold, with Zipf's popularity. */
export const MANY_MODELS: readonly Workload[] = [
  workload('c_zipf8', '4 servers that hold 2 of 8 models each, popularity drifts', {
    servers: 4,
    models: 8,
    load: 0.5,
  }),
  workload('c_zipf8slow', 'the same with loads of 30 s', { servers: 4, models: 8, load: 0.5, loadMs: 30_000 }),
  workload('c_zipf12', 'the same with 12 models', { servers: 4, models: 12, load: 0.35 }),
  workload('c_fleet16', '16 servers, 20 models', { servers: 16, models: 20, load: 0.7, forMinutes: 10 }),
];
