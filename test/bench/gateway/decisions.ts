import { DecisionFleet, EVENT_KINDS, type DecisionSetting, type EventKind } from './decision-fleet.ts';

/** Events of each kind in a round; of the rounds the one with the median mean counts, since the first ones run code that is not compiled yet. */
const TIMES = 60;
const ROUNDS = 5;

/** The CPU time of an event of each kind under `fleet`, µs, as a table. */
export function measureDecisions(settings: readonly DecisionSetting[]): string {
  const rows = settings.map((setting) => {
    const { servers, aliases, waiting, state } = setting;
    const rounds = Array.from({ length: ROUNDS }, () => timesOf(setting));
    const cells = EVENT_KINDS.map((kind) => {
      const middle = rounds.map((times) => times[kind]).toSorted((a, b) => mean(a) - mean(b))[ROUNDS >> 1] ?? [];
      return `${mean(middle).toFixed(0)}, ${p99(middle).toFixed(0)}`;
    });
    return `| ${[`${String(servers)} × ${String(aliases)}`, state, String(waiting), ...cells].join(' | ')} |`;
  });
  const head = ['servers × aliases', 'state', 'waiting', ...EVENT_KINDS].join(' | ');
  return `${[`| ${head} |`, `| --- | --- | --: |${' --: |'.repeat(EVENT_KINDS.length)}`, ...rows].join('\n')}\n`;
}

function timesOf(setting: DecisionSetting): Record<EventKind, readonly number[]> {
  const fleet = new DecisionFleet(setting);
  const times = (kind: EventKind): readonly number[] =>
    Array.from({ length: TIMES }, (_, time) => {
      const event = fleet.next(kind, time);
      const before = process.cpuUsage();
      fleet.apply(event);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    });
  return {
    started: times('started'),
    released: times('released'),
    arrived: times('arrived'),
    left: times('left'),
    ticked: times('ticked'),
    listed: times('listed'),
    probed: times('probed'),
    loaded: times('loaded'),
  };
}

function mean(times: readonly number[]): number {
  return times.reduce((sum, time) => sum + time, 0) / Math.max(1, times.length);
}

function p99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1] ?? 0;
}
