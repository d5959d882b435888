import { sendBurst, type Burst } from './burst.ts';
import { askParameters, NO_PARAMETERS, type ChatParameters } from './chat-probes.ts';
import type { Client, ProbeRequest } from './client.ts';
import type { ConnectionSteps } from './connection.ts';
import { at, jsonOf, replyOf, type Exchange } from './exchange.ts';
import { readMemory } from './memory.ts';
import { chatQuestion, embeddingQuestion, healthQuestion, QUICK_MS, questionFor } from './questions.ts';
import { runRamps } from './ramp/ramp.ts';
import type { Ramps } from './ramp/samples.ts';
import { askStreams, NO_STREAMS, type StreamAnswers } from './stream-probes.ts';
import { askServers, type ServerAnswer } from './servers.ts';
import { BUDGET_MS, isOurs, type SmokeTarget } from './target.ts';

/** Enough for a median. */
const PINGS = 5;
const NOT_FOR_CHAT = /embed|bge-|minilm|rerank|whisper|tts|dall-e|moderation/i;

/** All exchanges with a server. `undefined` or empty if an earlier answer left nothing to ask. */
export interface ProbeResults extends StreamAnswers {
  readonly target: SmokeTarget;
  readonly connection: ConnectionSteps;
  readonly health: Exchange;
  /** Requests that need no model, one after the other. */
  readonly pings: readonly Exchange[];
  readonly withoutKey: readonly Exchange[];
  readonly wrongKey: Exchange | undefined;
  /** `Authorization` headers that hold no key. */
  readonly malformed: readonly Exchange[];
  /** The right key in the URL; `undefined` where it would end in a log, with the reason. */
  readonly queryKey: Exchange | undefined;
  readonly proxy: string | undefined;
  /** Asked with the key before a rotation, and with one that was revoked. */
  readonly previousKey: Exchange | undefined;
  readonly revokedKey: Exchange | undefined;
  readonly models: Exchange | undefined;
  /** The model chosen for the chat. */
  readonly model: string | undefined;
  readonly chat: Exchange | undefined;
  readonly parameters: ChatParameters;
  /** The answers of models that are listed and not configured; `undefined` where the time was over before. */
  readonly extras: ReadonlyMap<string, Exchange | undefined>;
  /** The answer to each alias, asked without naming a server; `undefined` where the time was over before. */
  readonly aliases: ReadonlyMap<string, Exchange | undefined>;
  /** The answers of servers that were asked by name. */
  readonly servers: readonly ServerAnswer[];
  readonly burst: Burst;
  readonly ramps: Ramps;
}

/** Reports to the operator while requests are sent: the current one, and what is about to be loaded. */
export interface Teller {
  readonly progress: (text: string) => void;
  readonly note: (text: string) => void;
}

const NOTHING = {
  withoutKey: [],
  wrongKey: undefined,
  malformed: [],
  queryKey: undefined,
  proxy: undefined,
  pings: [],
  previousKey: undefined,
  revokedKey: undefined,
  models: undefined,
  model: undefined,
  chat: undefined,
  parameters: NO_PARAMETERS,
  extras: new Map<string, undefined>(),
  ...NO_STREAMS,
  aliases: new Map<string, undefined>(),
  servers: [],
  burst: { sent: false, why: 'the models were not asked' },
  ramps: { ran: false, why: 'no chat was answered' },
} as const;

/** Sends all requests that the checks judge, one after the other but for the burst. */
export async function probe(
  client: Client,
  target: SmokeTarget,
  tell: Teller,
  nowMs: () => number,
): Promise<ProbeResults> {
  tell.progress('connecting');
  const connection = await client.walk();
  tell.progress('asking whether it is alive');
  const quick = { method: 'GET', timeoutMs: QUICK_MS } as const;
  const health = await client.ask({ ...quick, path: 'health/liveliness', below: 'server', key: 'none' });
  const reached = { target, connection, health };
  if (!health.outcome.answered) return { ...reached, ...NOTHING };
  const pings = [];
  for (let count = 0; count < PINGS; count += 1)
    pings.push(await client.ask({ ...quick, path: 'health/liveliness', below: 'server', key: 'none' }));
  tell.progress('asking without a key, and with a wrong one');
  const listing: ProbeRequest = { ...quick, path: 'models', key: 'none' };
  const withoutKey = [
    await client.ask(listing),
    await client.ask(chatQuestion(target.models?.[0] ?? 'any', 'none', QUICK_MS)),
  ];
  const wrongKey = target.key === undefined ? undefined : await client.ask({ ...listing, key: 'wrong' });
  const malformed =
    target.key === undefined
      ? []
      : [await client.ask({ ...listing, key: 'bare' }), await client.ask({ ...listing, key: 'basic' })];
  const proxy = proxyOf(health);
  const isDirect = isOurs(target) && proxy === undefined;
  const queryKey = target.key === undefined || !isDirect ? undefined : await client.ask({ ...listing, key: 'query' });
  const previousKey = target.previousKey === undefined ? undefined : await client.ask({ ...listing, key: 'previous' });
  const revokedKey = target.revokedKey === undefined ? undefined : await client.ask({ ...listing, key: 'revoked' });
  tell.progress('asking for the models');
  const models = await client.ask({ ...listing, key: 'right' });
  const asked = {
    ...reached,
    ...NOTHING,
    pings,
    withoutKey,
    wrongKey,
    malformed,
    queryKey,
    proxy,
    previousKey,
    revokedKey,
    models,
  };
  const listed = listedModels(models);
  if (listed.length === 0) return asked;
  const endMs = nowMs() + (target.budgetMs ?? BUDGET_MS);
  return { ...asked, ...(await probeModels(client, target, listed, tell, nowMs, () => nowMs() > endMs)) };
}

type ModelAnswers = StreamAnswers &
  Pick<ProbeResults, 'model' | 'chat' | 'parameters' | 'extras' | 'aliases' | 'servers' | 'burst' | 'ramps'>;

async function probeModels(
  client: Client,
  target: SmokeTarget,
  listed: readonly string[],
  { progress, note }: Teller,
  nowMs: () => number,
  isOver: () => boolean,
): Promise<ModelAnswers> {
  const ours = isOurs(target);
  const memory = ours ? await askMemory(client) : undefined;
  const inMemory = (alias: string): number => (memory?.has(alias) === true ? 0 : 1);
  // Models in memory come first: a model that has to be loaded may push one of them out.
  const wanted = (target.models ?? []).toSorted((a, b) => inMemory(a) - inMemory(b));
  const model = chooseModel(target, wanted, listed);
  const aliases = new Map<string, Exchange | undefined>();
  for (const alias of new Set([...(model === undefined ? [] : [model]), ...wanted])) {
    if (!isOver()) progress(`asking ${alias}`);
    aliases.set(alias, isOver() ? undefined : await client.ask(questionFor(alias, target)));
  }
  const chat = model === undefined ? undefined : aliases.get(model);
  const chats = model !== undefined && replyOf(chat)?.status === 200;
  const parameters = chats ? await askParameters(client, model, progress, isOver) : NO_PARAMETERS;
  const streams = chats
    ? await askStreams({ client, target, model, short: parameters.short, progress, isOver, nowMs })
    : NO_STREAMS;
  const extras = await askExtras(client, target, listed, isOver);
  const asks = { client, target, progress, note, isOver };
  const servers = await askServers({ ...asks, memory: ours ? await askMemory(client) : undefined, aliases });
  const burst = ours
    ? await sendBurst({ ...asks, memory: await askMemory(client) })
    : { sent: false as const, why: 'the servers behind this address are not known' };
  const ramps: Ramps = chats
    ? await runRamps({
        client,
        target,
        model,
        memory: ours ? await askMemory(client) : undefined,
        progress,
        isOver,
        nowMs,
      })
    : { ran: false, why: 'no chat was answered' };
  return { model, chat, parameters, ...streams, extras, aliases, servers, burst, ramps };
}

/** Models that the gateway lists beside those of the configuration, such as an alias that was taken out and not deployed yet. */
async function askExtras(
  client: Client,
  { models }: SmokeTarget,
  listed: readonly string[],
  isOver: () => boolean,
): Promise<ProbeResults['extras']> {
  const extras = new Map<string, Exchange | undefined>();
  for (const name of models === undefined ? [] : listed.filter((one) => !models.includes(one))) {
    if (isOver()) {
      extras.set(name, undefined);
      continue;
    }
    const chat = await client.ask(chatQuestion(name));
    extras.set(name, replyOf(chat)?.status === 200 ? chat : await client.ask(embeddingQuestion(name)));
  }
  return extras;
}

async function askMemory(client: Client): Promise<ReturnType<typeof readMemory>> {
  return readMemory(await client.ask(healthQuestion()));
}

/** A proxy that says in an answer that it stands in between: its log keeps URLs. */
function proxyOf(exchange: Exchange): string | undefined {
  const headers = replyOf(exchange)?.headers;
  return headers?.['via'] ?? headers?.['server'];
}

/** The ids in a list of models; empty if the answer is not a list. */
export function listedModels(listing: Exchange | undefined): readonly string[] {
  const reply = replyOf(listing);
  const data = reply === undefined ? undefined : at(jsonOf(reply), 'data');
  if (!Array.isArray(data)) return [];
  return data.map((entry: unknown) => at(entry, 'id')).filter((id) => typeof id === 'string');
}

function chooseModel(target: SmokeTarget, wanted: readonly string[], listed: readonly string[]): string | undefined {
  return target.models === undefined
    ? (listed.find((id) => !NOT_FOR_CHAT.test(id)) ?? listed[0])
    : wanted.find((name) => !target.embeddings.includes(name) && listed.includes(name));
}
