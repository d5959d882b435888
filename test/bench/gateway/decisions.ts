import type { Decision, RouteEvent } from '../../../src/gateway/route/event.ts';
import type { Lease } from '../../../src/gateway/route/fleet.ts';
import { policyFor } from '../../../src/gateway/route/policies.ts';
import { createFleet } from '../../../src/gateway/route/reconfigure.ts';
import { route } from '../../../src/gateway/route/router.ts';

/** A fleet on which every alias may run on every server, and requests that wait. */
export interface DecisionSetting {
  readonly servers: number;
  readonly aliases: number;
  readonly waiting: number;
}

/** Aliases that a server has in memory at the start, with four slots each. */
const RESIDENT = 2;
const TIMES = 60;
const KINDS = ['started', 'released', 'arrived', 'left', 'ticked', 'listed', 'probed'] as const;

/** The CPU time of an event of each kind under `fleet`, µs, as a table. */
export function measureDecisions(settings: readonly DecisionSetting[]): string {
  const rows = settings.map((setting) => {
    const { servers, aliases, waiting } = setting;
    const times = timesOf(setting);
    const cells = KINDS.map((kind) => `${mean(times[kind]).toFixed(0)}, ${p99(times[kind]).toFixed(0)}`);
    return `| ${[`${String(servers)} × ${String(aliases)}`, String(waiting), ...cells].join(' | ')} |`;
  });
  return `${[`| servers × aliases | waiting | ${KINDS.join(' | ')} |`, `| --- | --: |${' --: |'.repeat(KINDS.length)}`, ...rows].join('\n')}\n`;
}

function timesOf({ servers, aliases, waiting }: DecisionSetting): Record<(typeof KINDS)[number], number[]> {
  const urls = Array.from({ length: servers }, (_, index) => `s${String(index)}`);
  const names = Array.from({ length: aliases }, (_, index) => `m${String(index)}`);
  const listsOf = new Map(names.map((name) => [name, urls.map((url) => `${name}@${url}`)]));
  const fleet = createFleet({
    backends: urls.map((url) => ({ url, managed: true, slots: 4 })),
    deployments: names.flatMap((model) =>
      urls.map((url) => ({ id: `${model}@${url}`, backend: url, weight: 1, model, runnerKey: '[]', single: false })),
    ),
  });
  const random = (): number => 0.5;
  const policy = policyFor('fleet', { longestQueue: Infinity, allowedFails: 3, cooldownMs: 5000, random });
  const leases: Lease[] = [];
  const times = { started: [], released: [], arrived: [], left: [], ticked: [], listed: [], probed: [] } as Record<
    (typeof KINDS)[number],
    number[]
  >;
  let nowMs = 0;
  let asked = 0;
  const apply = (event: RouteEvent): readonly Decision[] => {
    const decisions = route(fleet, policy, event, nowMs);
    for (const decision of decisions) if (decision.kind === 'assign') leases.push(decision.lease);
    return decisions;
  };
  const arrival = (): RouteEvent => {
    asked += 1;
    const queue = names[asked % aliases] ?? '';
    return {
      kind: 'arrived',
      request: String(asked),
      queue,
      deployments: listsOf.get(queue) ?? [],
      tried: [],
      isRetry: false,
      sinceMs: nowMs,
      maxWaitMs: 1e9,
      untilMs: Infinity,
      loadedMs: 0,
      work: { promptTokens: 500, maxTokens: 200, prefix: [], key: 'k', user: `u${String(asked % 50)}`, batch: false },
    };
  };
  const listing = (index: number): RouteEvent => ({
    kind: 'listed',
    backend: urls[index % servers] ?? '',
    listing: {
      models: Array.from({ length: Math.min(RESIDENT, aliases) }, (_, slot) => ({
        name: names[(index * RESIDENT + slot) % aliases] ?? '',
        context: 4096,
        family: undefined,
      })),
      askedMs: nowMs,
    },
  });
  for (let index = 0; index < servers; index += 1) apply(listing(index));
  while (fleet.waiting.size < waiting) {
    nowMs += 0.05;
    apply(arrival());
  }
  const eventOf = (kind: (typeof KINDS)[number], time: number): RouteEvent => {
    if (kind === 'arrived') return arrival();
    if (kind === 'ticked') return { kind };
    if (kind === 'listed') return listing(time);
    if (kind === 'probed') return { kind, backend: urls[time % servers] ?? '', alive: true };
    if (kind === 'left') return { kind, request: [...fleet.waiting.keys()][time * 50] ?? '' };
    const lease = leases[kind === 'started' ? (time * 7) % leases.length : 0];
    if (lease === undefined) throw new Error('Expected a lease, found none.');
    if (kind === 'started') return { kind, lease };
    leases.shift();
    const observation = { promptBytes: 2000, promptTokens: 500, outTokens: 100, prefillMs: 100, decodeMs: 1000 };
    return { kind, lease, result: 'answered', observation };
  };
  for (const kind of KINDS)
    for (let time = 0; time < TIMES; time += 1) {
      nowMs += 1;
      const event = eventOf(kind, time);
      const before = process.cpuUsage();
      apply(event);
      const { user, system } = process.cpuUsage(before);
      times[kind].push(user + system);
    }
  return times;
}

function mean(times: readonly number[]): number {
  return times.reduce((sum, time) => sum + time, 0) / Math.max(1, times.length);
}

function p99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1] ?? 0;
}
