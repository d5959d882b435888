import type { Random } from '../../../src/simulation/random.ts';
import type { Scenario } from '../../../src/simulation/scenario.ts';
import type { Workload } from './workload.ts';
import { bursty, poisson, steady, type Bursts } from './arrivals.ts';
import { anyCaller, chat, numbered, type Draft } from './chats.ts';
import { minutes, MINUTES, modelsOf, rateAt, serversOf } from './fleets.ts';
import { CHAT, type ChatLengths } from './lengths.ts';

type Times = (random: Random, rate: number) => readonly number[];

const SERVERS = 2;

/** One model on equal servers, with requests at these times. */
export function oneModel(random: Random, load: number, times: Times, lengths: ChatLengths = CHAT): Scenario {
  const servers = serversOf(SERVERS);
  const models = modelsOf(random, 1);
  const make = (sentMs: number): Draft => chat(random, { model: 'm0', sentMs, caller: anyCaller(random), ...lengths });
  const rate = rateAt(load, servers, models, () => make(0));
  return { servers, models, requests: numbered(times(random, rate).map(make)), faults: [] };
}

function level(load: number): Workload {
  return {
    name: `e_p${String(load)}`,
    about: `${String(SERVERS)} servers, one model, ${String(load * 100)} % load`,
    class: 'load levels and overload',
    scenario: (random) => oneModel(random, load, (one, rate) => steady(one, minutes(MINUTES), rate)),
  };
}

function bursts(load: number, shape: Bursts): Workload {
  return {
    name: `e_b${String(load)}`,
    about: `${String(load * 100)} % load in bursts of ${String(shape.peak)} times the mean`,
    class: 'load levels and overload',
    scenario: (random) => oneModel(random, load, (one, rate) => bursty(one, minutes(MINUTES), rate, shape)),
  };
}

function overload(name: string, peak: number, overMinutes: number): Workload {
  const isOver = (atMs: number): boolean => atMs >= minutes(8) && atMs < minutes(8 + overMinutes);
  return {
    name,
    about: `50 % load with ${String(overMinutes)} min at ${String(peak)} times the capacity`,
    class: 'load levels and overload',
    scenario: (random) =>
      oneModel(random, 1, (one, rate) =>
        poisson(one, minutes(20), (atMs) => rate * (isOver(atMs) ? peak : 0.5), rate * peak),
      ),
  };
}

/** Load levels, bursts and overload. */
export const LOAD_LEVELS: readonly Workload[] = [
  level(0.5),
  level(0.7),
  level(0.85),
  level(0.95),
  bursts(0.6, { peak: 3, highMs: 20_000, lowMs: 80_000 }),
  bursts(0.8, { peak: 2.5, highMs: 20_000, lowMs: 60_000 }),
  overload('e_p2', 2, 4),
  overload('e_p3', 3, 3),
];
