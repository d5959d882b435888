import { parseArgs } from 'node:util';
import { DEFAULT_STRATEGY, type RoutingStrategy } from '../../src/core/routing-strategy.ts';
import { STRATEGY_NAMES } from './policies.ts';
import type { Workload } from './workload/workload.ts';
import type { StatedSlots } from '../../src/simulation/simulation.ts';
import { IDEAS } from './without.ts';
import { WORKLOADS } from './workload/workloads.ts';

/** The command line. */
export interface Options {
  /** One strategy, or two to compare. */
  readonly strategies: readonly [RoutingStrategy, ...RoutingStrategy[]];
  readonly workloads: readonly Workload[];
  readonly seeds: readonly number[];
  readonly jobs: number;
  readonly slots: StatedSlots;
  /** The idea of `fleet` that is taken away. */
  readonly without: string | undefined;
  /** The slots of the servers; `undefined`: those of the workload. */
  readonly trueSlots: number | undefined;
  readonly json: boolean;
}

/** Reads the command line; throws an error with the reason if it cannot. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      strategy: { type: 'string' },
      pair: { type: 'string' },
      only: { type: 'string', default: '.' },
      seeds: { type: 'string', default: '1,2,3' },
      jobs: { type: 'string', default: '1' },
      slots: { type: 'string', default: 'true' },
      without: { type: 'string' },
      'true-slots': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { strategy, pair, only, seeds, jobs, slots, without, json } = values;
  if (without !== undefined && !(without in IDEAS))
    throw new Error(`Expected one of ${Object.keys(IDEAS).join(', ')} after --without, found ${without}.`);
  const [second, ...rest] = positionals;
  if (rest.length > 0 || (second === undefined) !== (pair === undefined))
    throw new Error('Expected two strategies after --pair, and nothing else without a flag.');
  return {
    strategies:
      pair === undefined || second === undefined
        ? [strategyOf(strategy ?? DEFAULT_STRATEGY)]
        : [strategyOf(pair), strategyOf(second)],
    workloads: matching(only),
    seeds: seeds.split(',').map((seed) => wholeOf('--seeds', seed)),
    jobs: wholeOf('--jobs', jobs),
    trueSlots: values['true-slots'] === undefined ? undefined : wholeOf('--true-slots', values['true-slots']),
    slots: slots === 'true' || slots === 'none' ? slots : wholeOf('--slots', slots),
    without,
    json,
  };
}

function matching(pattern: string): readonly Workload[] {
  const only = new RegExp(pattern);
  const workloads = WORKLOADS.filter(({ name }) => only.test(name));
  if (workloads.length === 0)
    throw new Error(`No workload matches ${pattern}; there are ${WORKLOADS.map(({ name }) => name).join(', ')}.`);
  return workloads;
}

function strategyOf(name: string): RoutingStrategy {
  const strategy = STRATEGY_NAMES.find((one) => one === name);
  if (strategy === undefined) throw new Error(`Expected one of ${STRATEGY_NAMES.join(', ')}, found ${name}.`);
  return strategy;
}

function wholeOf(flag: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`Expected a whole number from 1 for ${flag}, found ${JSON.stringify(text)}.`);
  return number;
}
