import { decodeRate, prefillRate } from '../../gateway/route/rates.ts';
import type { PrefixPart, SimRequest } from '../request.ts';
import type { Fault, Scenario } from '../scenario.ts';
import type { SimModel } from '../server/model.ts';
import type { ServerSpec } from '../server/server.ts';
import type { Measurement } from './calibrate.ts';
import type { Recorded, RecordedRequest } from './recorded.ts';

/** Slots, and the load of a model, where the trace shows none. */
const UNKNOWN_SLOTS = 4;
const UNKNOWN_LOAD_MS = 10_000;
/** Slots of a server that queues by itself. */
const MOST_SLOTS = 64;
/** A client that left before a token would have waited for so much longer without the trace, ms. */
const LEAST_PATIENCE_MS = 1;

/**
 * The scenario of a trace: its arrivals, with the tokens that were really read and made, and servers with the speeds, slots and room that
 * routing had learned or was told of. Aliases of one model are one queue here.
 */
export function scenarioOf(recorded: Recorded): Scenario {
  const { fleet, requests, outages, mostListed, fromMs } = recorded;
  const backends = [...fleet.backends.values()];
  const indexOf = new Map(backends.map(({ url }, index) => [url, index]));
  const models = modelsOf(recorded);
  const servers = backends.map(({ url, room, replicas }): ServerSpec => {
    // The most that ran at once may have been a trial.
    const counts = [...replicas].flatMap(({ slots }) => (slots.kind === 'unbounded' ? [] : [slots.count]));
    const isUnbounded = [...replicas].some(({ slots }) => slots.kind === 'unbounded');
    return {
      room: room ?? Math.max(1, mostListed.get(url) ?? 0, isUnbounded ? replicas.size : 0),
      slots: isUnbounded ? MOST_SLOTS : counts.length === 0 ? UNKNOWN_SLOTS : Math.max(1, ...counts),
      speed: speedOf(recorded, url, models),
      hasHostMemory: true,
    };
  });
  const serves = new Map<string, number[]>();
  for (const { backend, model } of fleet.replicas.values()) {
    const index = indexOf.get(backend);
    if (index !== undefined) serves.set(model, [...(serves.get(model) ?? []), index]);
  }
  const faults = outages.flatMap(({ backend, atMs, isUp }): Fault[] => {
    const server = indexOf.get(backend);
    return server === undefined ? [] : [{ atMs: atMs - fromMs, server, change: isUp ? 'start' : 'die' }];
  });
  return { servers, models, requests: simRequestsOf(recorded, requests), faults, serves };
}

/** The measurements of the answered requests of a trace. */
export function measurementsOf(recorded: Recorded): readonly Measurement[] {
  return recorded.requests.flatMap((request) =>
    request.outcome === 'served' && request.observation !== undefined
      ? [{ model: modelOf(recorded, request), observation: request.observation }]
      : [],
  );
}

/** The model behind an alias. */
function modelOf({ fleet }: Recorded, { slotRequest: { deployments, queue } }: RecordedRequest): string {
  for (const id of deployments) {
    const model = fleet.replicas.get(fleet.deployments.get(id)?.replica ?? '')?.model;
    if (model !== undefined) return model;
  }
  return queue;
}

// Speeds of a model are means over its servers; the servers' own speeds are relative to them.
function modelsOf({ fleet }: Recorded): readonly SimModel[] {
  const found = new Map<string, SimModel>();
  for (const { model } of fleet.replicas.values()) {
    if (found.has(model)) continue;
    const own = [...fleet.replicas.values()].filter((one) => one.model === model);
    const loads = own.flatMap(({ speed }) => (speed.loadMs === undefined ? [] : [speed.loadMs]));
    found.set(model, {
      name: model,
      prefill: meanOf(own.map((one) => prefillRate(fleet, one))),
      decode: meanOf(own.map((one) => decodeRate(fleet, one))),
      loadMs: loads.length === 0 ? UNKNOWN_LOAD_MS : meanOf(loads),
      blob: model,
    });
  }
  return [...found.values()];
}

function speedOf({ fleet }: Recorded, url: string, models: readonly SimModel[]): number {
  const parts: number[] = [];
  for (const replica of fleet.replicas.values()) {
    const model = models.find(({ name }) => name === replica.model);
    if (replica.backend !== url || model === undefined || replica.rates.decode === undefined) continue;
    parts.push(replica.rates.decode / model.decode);
  }
  return parts.length === 0 ? 1 : meanOf(parts);
}

function simRequestsOf(recorded: Recorded, requests: readonly RecordedRequest[]): readonly SimRequest[] {
  const answers = answerHashes(requests);
  const outputs = new Map<string, number>();
  for (const { slotRequest, observation } of requests)
    if (observation?.outTokens !== undefined) outputs.set(slotRequest.queue, observation.outTokens);
  const sorted = requests.toSorted((a, b) => a.sentMs - b.sentMs);
  return sorted.map((request, id): SimRequest => {
    const { slotRequest, observation, outcome, firstMs, endMs, sentMs } = request;
    const { work, queue } = slotRequest;
    const promptTokens = Math.max(1, Math.round(observation?.promptTokens ?? work?.promptTokens ?? 1000));
    const outputTokens = Math.max(1, observation?.outTokens ?? outputs.get(queue) ?? 200);
    const prefix = prefixOf(request, promptTokens, id);
    const hash = answers.get(prefix.at(-1)?.hash ?? 0) ?? -1 - 2 * id;
    const hasLeft = outcome === 'left' && firstMs === undefined && endMs !== undefined;
    return {
      id,
      model: modelOf(recorded, request),
      sentMs: sentMs - recorded.fromMs,
      follows: undefined,
      promptTokens,
      outputTokens,
      maxTokens: work?.maxTokens,
      key: work?.key ?? '',
      user: work?.user,
      class: work?.batch === true ? 'batch' : 'people',
      prefix,
      answer: { hash, tokens: promptTokens + outputTokens },
      repeatedTokens: Math.max(0, promptTokens - Math.ceil((observation?.promptBytes ?? promptTokens * 4) / 4)),
      direct: undefined,
      ...(hasLeft ? { patienceMs: Math.max(LEAST_PATIENCE_MS, endMs - sentMs) } : {}),
    };
  });
}

// The gateway's estimates of tokens become the server's counts.
function prefixOf({ slotRequest: { work } }: RecordedRequest, promptTokens: number, id: number): readonly PrefixPart[] {
  const links = work?.prefix ?? [];
  const total = links.at(-1)?.tokens ?? 0;
  if (total <= 0) return [{ hash: -2 - 2 * id, tokens: promptTokens }];
  return links.map(({ hash, tokens }) => ({ hash, tokens: Math.max(1, Math.round((tokens / total) * promptTokens)) }));
}

// The message behind a whole prompt is its answer, where a later request repeats it.
function answerHashes(requests: readonly RecordedRequest[]): ReadonlyMap<number, number> {
  const next = new Map<number, number>();
  for (const { slotRequest } of requests) {
    const links = slotRequest.work?.prefix ?? [];
    for (const [index, { hash }] of links.entries()) {
      const before = links[index - 1];
      if (before !== undefined && !next.has(before.hash)) next.set(before.hash, hash);
    }
  }
  return next;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
