import { getHeapStatistics } from 'node:v8';
import { DecisionFleet, EVENT_KINDS, type DecisionSetting, type EventKind } from './decision-fleet.ts';

/** Events of each kind in a round, of which the one with the median mean counts. */
const TIMES = 60;
const ROUNDS = 5;
/** Rounds that do not count: they run code that is not compiled yet, as a gateway does for the first seconds of its life. */
const FIRST_ROUNDS = 5;

/** The cost of an event: its CPU time, µs, with that of threads that compile and collect meanwhile, and the bytes that it allocates. */
interface Cost {
  readonly timeUs: number;
  readonly bytes: number;
}

/** The CPU time of an event of each kind under `fleet`, µs, and the bytes that it allocates, as two tables. */
export function measureDecisions(settings: readonly DecisionSetting[]): string {
  const rows = settings.map((setting) => {
    const rounds = Array.from({ length: FIRST_ROUNDS + ROUNDS }, () => costsOf(setting)).slice(FIRST_ROUNDS);
    return { setting, costs: EVENT_KINDS.map((kind) => middleOf(rounds.map((round) => round[kind]))) };
  });
  const times = rows.map(({ setting, costs }) =>
    line(
      setting,
      costs.map((of) => {
        const each = of.map(({ timeUs }) => timeUs);
        return `${quantile(each, 0.25).toFixed(0)}, ${mean(each).toFixed(0)}, ${quantile(each, 0.99).toFixed(0)}`;
      }),
    ),
  );
  const bytes = rows.map(({ setting, costs }) =>
    line(
      setting,
      costs.map((of) =>
        (
          quantile(
            of.map((one) => one.bytes),
            0.5,
          ) / 1024
        ).toFixed(1),
      ),
    ),
  );
  return [
    'CPU time of an event, µs: lower quartile, mean, 99th percentile:',
    '',
    ...HEAD,
    ...times,
    '',
    'Allocated by an event, KiB, median:',
    '',
    ...HEAD,
    ...bytes,
    '',
  ].join('\n');
}

const HEAD = [
  `| ${['servers × aliases', 'state', 'waiting', ...EVENT_KINDS].join(' | ')} |`,
  `| --- | --- | --: |${' --: |'.repeat(EVENT_KINDS.length)}`,
];

function line({ servers, aliases, waiting, state }: DecisionSetting, cells: readonly string[]): string {
  return `| ${[`${String(servers)} × ${String(aliases)}`, state, String(waiting), ...cells].join(' | ')} |`;
}

function costsOf(setting: DecisionSetting): Record<EventKind, readonly Cost[]> {
  const fleet = new DecisionFleet(setting);
  const costs = (kind: EventKind): readonly Cost[] =>
    Array.from({ length: TIMES }, (_, time) => costOf(fleet, kind, time));
  return {
    started: costs('started'),
    released: costs('released'),
    arrived: costs('arrived'),
    left: costs('left'),
    ticked: costs('ticked'),
    listed: costs('listed'),
    probed: costs('probed'),
    loaded: costs('loaded'),
  };
}

/** Applies the next event of a kind. Bytes are less than zero where a collection ran meanwhile. */
export function costOf(fleet: DecisionFleet, kind: EventKind, time: number): Cost {
  const event = fleet.next(kind, time);
  const usedBefore = getHeapStatistics().used_heap_size;
  // Of one thread Linux counts whole ticks only, some milliseconds each.
  const before = process.cpuUsage();
  fleet.apply(event);
  const { user, system } = process.cpuUsage(before);
  return { timeUs: user + system, bytes: getHeapStatistics().used_heap_size - usedBefore };
}

function middleOf(rounds: readonly (readonly Cost[])[]): readonly Cost[] {
  const meanUs = (costs: readonly Cost[]): number => mean(costs.map(({ timeUs }) => timeUs));
  return rounds.toSorted((a, b) => meanUs(a) - meanUs(b))[ROUNDS >> 1] ?? [];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? 0;
}
