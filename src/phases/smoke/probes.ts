import type { Client, ProbeRequest } from './client.ts';
import { replyOf, type Exchange } from './exchange.ts';
import { askKeys } from './key-probes.ts';
import { probeModels } from './model-probes.ts';
import { listedModels, NO_MODELS, type AccessAnswers, type ProbeResults, type Teller } from './probe-results.ts';
import { chatQuestion, QUICK_MS } from './questions.ts';
import { BUDGET_MS, isOurs, type SmokeTarget } from './target.ts';

/** Enough for a median. */
const PINGS = 5;

/** The address did not answer. */
const NO_ACCESS: Omit<AccessAnswers, 'target' | 'connection' | 'health'> = {
  pings: [],
  withoutKey: [],
  wrongKey: undefined,
  malformed: [],
  queryKey: undefined,
  proxy: undefined,
  previousKey: undefined,
  revokedKey: undefined,
  models: undefined,
};

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
  if (!health.outcome.answered) return { ...reached, ...NO_ACCESS, ...NO_MODELS };
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
    ...NO_MODELS,
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
  const isOver = (): boolean => nowMs() > endMs;
  const answers = { ...asked, ...(await probeModels(client, target, listed, tell, nowMs, isOver)) };
  return target.keyAlias === undefined || isOver()
    ? answers
    : { ...answers, keys: await probeKeys(answers, client, tell) };
}

async function probeKeys(
  { target, aliases }: ProbeResults,
  client: Client,
  { progress }: Teller,
): Promise<ProbeResults['keys']> {
  const [model] = [...aliases].find(([, exchange]) => replyOf(exchange)?.status === 200) ?? [];
  const { keyAlias } = target;
  if (model === undefined || keyAlias === undefined) return undefined;
  progress(`making the key ${keyAlias}, and removing it`);
  return askKeys({ client, target, model, keyAlias });
}

/** A proxy that says in an answer that it stands in between: its log keeps URLs. */
function proxyOf(exchange: Exchange): string | undefined {
  const headers = replyOf(exchange)?.headers;
  return headers?.['via'] ?? headers?.['server'];
}
