import { askAbilities, askDialects, askFacts, NO_DIALECTS, type AbilityAnswers } from './abilities.ts';
import { sendBurst } from './burst.ts';
import { askAliasParameters, askParameters, NO_PARAMETERS, type AliasParameters } from './chat-probes.ts';
import type { Client } from './client.ts';
import { replyOf, type Exchange } from './exchange.ts';
import { readMemory } from './memory.ts';
import { tryOutage, type Outage } from './outage.ts';
import type { ModelAnswers, Teller } from './probe-results.ts';
import { chatQuestion, embeddingQuestion, healthQuestion, questionFor } from './questions.ts';
import { runRamps } from './ramp/ramp.ts';
import type { Ramps } from './ramp/samples.ts';
import { askServers } from './servers.ts';
import { askStreams, NO_STREAMS } from './stream-probes.ts';
import { isOurs, type SmokeTarget } from './target.ts';

const NOT_FOR_CHAT = /embed|bge-|minilm|rerank|whisper|tts|dall-e|moderation/i;

/** Asks models, one after the other but for the burst and the ramp. Nothing new is asked when the time is over. */
export async function probeModels(
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
  progress('asking what the models can');
  const { facts, silent, lost } = await askFacts(client, target, model);
  const aliases = new Map<string, Exchange | undefined>();
  const abilities = new Map<string, AbilityAnswers>();
  const aliasParameters = new Map<string, AliasParameters>();
  for (const alias of new Set([...(model === undefined ? [] : [model]), ...wanted])) {
    if (!isOver()) progress(`asking ${alias}`);
    const exchange = isOver() ? undefined : await client.ask(questionFor(alias, target));
    aliases.set(alias, exchange);
    if (replyOf(exchange)?.status !== 200) continue;
    abilities.set(alias, await askAbilities(client, alias, facts.get(alias), isOver));
    if (!target.embeddings.includes(alias) && facts.get(alias)?.isEmbedding !== true)
      aliasParameters.set(alias, await askAliasParameters(client, alias, isOver));
  }
  const chat = model === undefined ? undefined : aliases.get(model);
  const chats = model !== undefined && replyOf(chat)?.status === 200;
  const parameters = chats ? await askParameters(client, model, progress, isOver) : NO_PARAMETERS;
  const dialects = chats ? await askDialects(client, model, isOver) : NO_DIALECTS;
  const streams = chats
    ? await askStreams({ client, target, model, short: parameters.short, progress, isOver, nowMs })
    : NO_STREAMS;
  const extras = await askExtras(client, target, listed, isOver);
  const asks = { client, target, progress, note, isOver };
  const servers = await askServers({ ...asks, memory: ours ? await askMemory(client) : undefined, aliases, silent });
  const burst = ours
    ? await sendBurst({ ...asks, memory: await askMemory(client) })
    : { sent: false as const, why: 'the servers behind this address are not known' };
  const outage: Outage = ours
    ? await tryOutage({ ...asks, memory: await askMemory(client), nowMs })
    : { tried: false, why: 'the servers behind this address are not known' };
  const isRamped = target.withoutRamp !== true;
  const ramps: Ramps =
    chats && isRamped
      ? await runRamps({
          client,
          target,
          model,
          memory: ours ? await askMemory(client) : undefined,
          progress,
          isOver,
          nowMs,
        })
      : { ran: false, why: isRamped ? 'no chat was answered' : 'not asked for' };
  const state = ours ? await client.ask(healthQuestion()) : undefined;
  const fleet = ours ? await client.ask({ ...healthQuestion(), path: 'fleet' }) : undefined;
  const asked = { model, chat, aliases, servers, extras, facts, lostFacts: lost, abilities, dialects };
  return { ...asked, parameters, aliasParameters, ...streams, burst, outage, ramps, state, fleet };
}

/** Models that the gateway lists beside those of the configuration, such as an alias that was taken out and not deployed yet. */
async function askExtras(
  client: Client,
  target: SmokeTarget,
  listed: readonly string[],
  isOver: () => boolean,
): Promise<ModelAnswers['extras']> {
  const extras = new Map<string, Exchange | undefined>();
  for (const name of listed.filter((one) => !isConfigured(target, one))) {
    if (isOver()) {
      extras.set(name, undefined);
      continue;
    }
    const chat = await client.ask(chatQuestion(name));
    if (!chat.outcome.answered) {
      // An interruption says nothing about the model.
      extras.set(name, chat.outcome.trouble.kind === 'aborted' ? undefined : chat);
      continue;
    }
    extras.set(name, replyOf(chat)?.status === 200 ? chat : await client.ask(embeddingQuestion(name)));
  }
  return extras;
}

function isConfigured({ models, patterns = [] }: SmokeTarget, name: string): boolean {
  return models === undefined || models.includes(name) || patterns.some((pattern) => isNamedBy(pattern, name));
}

/** Whether a pattern such as `llama*` stands for a name. */
function isNamedBy(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.at(-1) ?? '';
  return name.length >= first.length + last.length && name.startsWith(first) && name.endsWith(last);
}

async function askMemory(client: Client): Promise<ReturnType<typeof readMemory>> {
  return readMemory(await client.ask(healthQuestion()));
}

function chooseModel(target: SmokeTarget, wanted: readonly string[], listed: readonly string[]): string | undefined {
  return target.models === undefined
    ? (listed.find((id) => !NOT_FOR_CHAT.test(id)) ?? listed[0])
    : [...wanted, ...listed.filter((name) => isConfigured(target, name))].find(
        (name) => !target.embeddings.includes(name) && listed.includes(name),
      );
}
