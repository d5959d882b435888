import { markdown } from '../gateway/table.ts';
import type { Cost } from './measure.ts';
import type { Task } from './tools.ts';

/** The cost of one task by one tool. */
export interface Row {
  readonly setting: string;
  readonly task: Task;
  readonly tool: string;
  readonly cost: Cost;
}

const COLUMNS = [
  'hosts, RTT',
  'task',
  'tool',
  'wall s',
  '× hxllm',
  'CPU s',
  'CPU s of the hosts',
  'connections',
  'round trips',
  'sent KiB',
  'received KiB',
  'load',
];

/** All rows as a table in Markdown; `× hxllm` compares the wall time with that of hxllm for the same task in the same setting. */
export function deployTable(rows: readonly Row[]): string {
  return markdown(
    COLUMNS,
    rows.map(({ setting, task, tool, cost }) => [
      setting,
      task,
      tool,
      cost.wallS.toFixed(1),
      (cost.wallS / wallOf(rows, setting, task, 'hxllm')).toFixed(1),
      cost.toolCpuS.toFixed(1),
      cost.hostCpuS.toFixed(1),
      String(cost.traffic.connections),
      String(cost.traffic.roundTrips),
      (cost.traffic.sentBytes / 1024).toFixed(0),
      (cost.traffic.receivedBytes / 1024).toFixed(0),
      cost.load.toFixed(1),
    ]),
  );
}

/** A target, and how it came out. */
export interface Target {
  readonly text: string;
  /** `undefined`: it was not measured in this run. */
  readonly isMet: boolean | undefined;
}

/** Compares the rows with the targets. `login`: the round trips of a connection that only authenticates. */
export function judge(rows: readonly Row[], login: number | undefined): readonly Target[] {
  const [one, far] = ['1 host, 20 ms', '10 hosts, 100 ms'];
  const ratio = (setting: string, task: Task, tool: string): number =>
    wallOf(rows, setting, task, tool) / wallOf(rows, setting, task, 'hxllm');
  const trips = rows.find(
    (row) => row.setting === '1 host, 100 ms' && row.task === 'no change' && row.tool === 'hxllm',
  );
  const after = (trips?.cost.traffic.roundTrips ?? Number.NaN) - (login ?? Number.NaN);
  const many = wallOf(rows, far, 'no change', 'hxllm') / wallOf(rows, '1 host, 100 ms', 'no change', 'hxllm');
  return [
    atLeast('no change at 20 ms against Ansible', ratio(one, 'no change', 'Ansible'), 20),
    atLeast('no change at 20 ms against Ansible with pipelining', ratio(one, 'no change', 'Ansible, pipelining'), 10),
    atLeast('first deployment at 20 ms against Ansible', ratio(one, 'first deployment', 'Ansible'), 5),
    atMost('no change on ten hosts against one at 100 ms', many, 3, '×'),
    atMost('no change at 100 ms after authentication', after, 5, 'round trips'),
  ];
}

function atLeast(what: string, seen: number, wanted: number): Target {
  return target(`${what}: ${seen.toFixed(1)} ×, wanted ≥ ${String(wanted)} ×`, seen, seen >= wanted);
}

function atMost(what: string, seen: number, wanted: number, unit: string): Target {
  return target(
    `${what}: ${String(Number(seen.toFixed(1)))} ${unit}, wanted ≤ ${String(wanted)}`,
    seen,
    seen <= wanted,
  );
}

function target(text: string, seen: number, isMet: boolean): Target {
  return Number.isFinite(seen) ? { text, isMet } : { text: text.replace(/NaN/, 'not measured'), isMet: undefined };
}

function wallOf(rows: readonly Row[], setting: string, task: Task, tool: string): number {
  return (
    rows.find((row) => row.setting === setting && row.task === task && row.tool === tool)?.cost.wallS ?? Number.NaN
  );
}
