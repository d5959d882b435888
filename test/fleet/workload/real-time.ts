import type { Random } from '../../../src/simulation/random.ts';
import type { Fault, Scenario } from '../../../src/simulation/scenario.ts';
import type { Workload, WorkloadClass } from './workload.ts';
import { poisson } from './arrivals.ts';
import { groups, POLITE } from './callers.ts';
import { talking, type Talk } from './conversations.ts';
import { spell, troubled, type Trouble } from './faults.ts';
import { modelsOf, serversOf, type Extent } from './fleets.ts';
import { lognormal, type ChatLengths } from './lengths.ts';
import { oneModel } from './load-levels.ts';
import { zipf } from './many-models.ts';
import { mixed, twoModels } from './two-servers.ts';

/** Shorter chats than elsewhere: more of them fit into a time that somebody waits for. */
const SHORT: ChatLengths = { prompt: lognormal(600, 1, 8000), output: lognormal(100, 1, 1000) };
const EXTENT: Extent = { forMs: 90_000, lengths: SHORT };
const ONE_KEY = 'bench';

const TURNS: Talk = {
  turns: 6,
  pauseMs: 8000,
  first: lognormal(3000, 0.6),
  prompt: lognormal(80, 0.6),
  output: lognormal(100, 0.7, 1000),
  systems: [200],
};

/** Half the capacity, and three times as much in the middle. */
function overload(random: Random): Scenario {
  const isOver = (atMs: number): boolean => atMs >= 25_000 && atMs < 55_000;
  const times = (one: Random, rate: number): readonly number[] =>
    poisson(one, EXTENT.forMs, (atMs) => rate * (isOver(atMs) ? 3 : 0.5), rate * 3);
  return oneModel(random, 1, times, SHORT);
}

function faulty(more: Omit<Trouble, 'load'>): (random: Random) => Scenario {
  return (random) => troubled(random, { load: 0.55, lengths: SHORT, forMs: EXTENT.forMs, ...more });
}

function restarts(): readonly Fault[] {
  return [0, 1, 2].flatMap((server) => spell(server, 'die', 20_000 + 25_000 * server, 3000));
}

// One key: the gateway of a bench has no other, and its callers name themselves.
function workload(name: string, about: string, kind: WorkloadClass, scenario: Workload['scenario']): Workload {
  return {
    name,
    about,
    class: kind,
    scenario: (random) => {
      const made = scenario(random);
      const requests = made.requests.map((one) => ({ ...one, key: ONE_KEY, user: `${one.key} ${one.user ?? ''}` }));
      return { ...made, requests };
    },
  };
}

/** Workloads of 90 to 120 s, of at most 10 requests a second, which the bench sends to real programs at real time. */
export const REAL_TIME: readonly Workload[] = [
  workload('equal', 'two equal servers, two models that both fit, 70 % load', 'two servers', (random) =>
    mixed(random, 0.7, serversOf(2), twoModels(random), EXTENT),
  ),
  workload('unequal', 'two equal servers and one at a third of their speed, 85 % load', 'two servers', (random) =>
    mixed(random, 0.85, [...serversOf(2), ...serversOf(1, { speed: 1 / 3 })], modelsOf(random, 1), EXTENT),
  ),
  workload('models', '4 servers that hold 2 of 8 models each, popularity drifts', 'more models than fit', (random) =>
    zipf(random, { servers: 4, models: 8, load: 0.5, forMinutes: 2, lengths: SHORT, driftMs: 40_000 }),
  ),
  workload(
    'turns',
    '3 servers, conversations of 6 turns about a text, 150 % load if nothing were cached',
    'conversations and shared prompts',
    (random) => talking(random, 1.5, serversOf(3), TURNS, EXTENT.forMs),
  ),
  workload('overload', '2 servers, 50 % load with 30 s at 3 times the capacity', 'load levels and overload', overload),
  workload(
    'die',
    'a server of three dies and is back after 35 s, 55 % load',
    'long tails and faults',
    faulty({
      faults: spell(1, 'die', 25_000, 35_000),
    }),
  ),
  workload(
    'slow',
    'a server of three runs at a third of its speed for 40 s, 55 % load',
    'long tails and faults',
    faulty({
      faults: spell(1, { slow: 1 / 3 }, 20_000, 40_000),
    }),
  ),
  workload(
    'hang',
    'a server of three stands still for 40 s, 55 % load',
    'long tails and faults',
    faulty({
      faults: spell(1, { slow: 0 }, 20_000, 40_000),
    }),
  ),
  workload(
    'restart',
    'each of three servers restarts once, 55 % load',
    'long tails and faults',
    faulty({
      faults: restarts(),
    }),
  ),
  workload(
    'past',
    'clients past the gateway take a tenth of the capacity of the first of three, 55 % load',
    'long tails and faults',
    faulty({
      direct: 0.1,
    }),
  ),
  workload(
    'greedy',
    'a caller at 150 % of the capacity beside ten at 40 % together',
    'greedy and heavy callers',
    (random) =>
      groups(
        random,
        [
          { load: 0.4, keys: POLITE, parts: SHORT },
          { load: 1.5, keys: ['greedy'], parts: SHORT },
        ],
        EXTENT.forMs,
      ),
  ),
];
