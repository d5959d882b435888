import type { Client, ProbeRequest } from './client.ts';
import { at, jsonOf, replyOf, type Exchange } from './exchange.ts';
import type { SmokeTarget } from './target.ts';

const QUICK_MS = 10_000;
/** The model may have to be loaded from a slow disk first. */
const MODEL_MS = 180_000;
const NOT_FOR_CHAT = /embed|bge-|minilm|rerank|whisper|tts|dall-e|moderation/i;

/** All exchanges with a server. `undefined` or empty if an earlier answer left nothing to ask. */
export interface ProbeResults {
  readonly target: SmokeTarget;
  readonly health: Exchange;
  readonly withoutKey: readonly Exchange[];
  readonly wrongKey: Exchange | undefined;
  readonly models: Exchange | undefined;
  /** The model chosen for the chat. */
  readonly model: string | undefined;
  readonly chat: Exchange | undefined;
  readonly stream: Exchange | undefined;
  readonly embeddings: readonly Exchange[];
  /** The backend of each answered request; `undefined` if the reply names none. */
  readonly backends: readonly (string | undefined)[];
}

/** Sends all requests that the checks judge, one after the other. `say` gets the current one as progress. */
export async function probe(client: Client, target: SmokeTarget, say: (text: string) => void): Promise<ProbeResults> {
  const nothing = {
    withoutKey: [],
    wrongKey: undefined,
    models: undefined,
    model: undefined,
    chat: undefined,
    stream: undefined,
    embeddings: [],
    backends: [],
  };
  say('asking whether it is alive');
  const health = await client.ask({
    method: 'GET',
    path: 'health/liveliness',
    below: 'server',
    key: 'none',
    timeoutMs: QUICK_MS,
  });
  if (!health.outcome.answered) return { target, health, ...nothing };
  say('asking without a key, and with a wrong one');
  const listing: ProbeRequest = { method: 'GET', path: 'models', key: 'none', timeoutMs: QUICK_MS };
  const withoutKey = [
    await client.ask(listing),
    await client.ask(chatQuestion(target.models?.[0] ?? 'any', 'none', QUICK_MS)),
  ];
  const wrongKey = target.key === undefined ? undefined : await client.ask({ ...listing, key: 'wrong' });
  say('asking for the models');
  const models = await client.ask({ ...listing, key: 'right' });
  const listed = listedModels(models);
  if (listed.length === 0) return { target, health, ...nothing, withoutKey, wrongKey, models };
  return { target, health, withoutKey, wrongKey, models, ...(await probeModels(client, target, listed, say)) };
}

async function probeModels(
  client: Client,
  target: SmokeTarget,
  listed: readonly string[],
  say: (text: string) => void,
): Promise<Pick<ProbeResults, 'model' | 'chat' | 'stream' | 'embeddings' | 'backends'>> {
  const model = chooseModel(target, listed);
  const ask = async (alias: string, what: string, question: ProbeRequest): Promise<Exchange> => {
    say(`asking ${alias} for ${what}`);
    return client.ask(question);
  };
  const chat =
    model === undefined ? undefined : await ask(model, 'a chat completion', chatQuestion(model, 'right', MODEL_MS));
  const chats = replyOf(chat)?.status === 200;
  const stream = model !== undefined && chats ? await ask(model, 'a stream', streamQuestion(model)) : undefined;
  const embeddings: Exchange[] = [];
  for (const alias of target.embeddings) embeddings.push(await ask(alias, 'embeddings', embeddingQuestion(alias)));
  const seen = [chat, stream, ...embeddings].filter((exchange) => exchange !== undefined).map(backendOf);
  const aliases = new Set([...(model !== undefined && chats ? [model] : []), ...(target.models ?? [])]);
  // A model that did not answer the chat will not answer more requests.
  const others = model !== undefined && !chats ? [] : await askEach(client, target, [...aliases], seen, say);
  return { model, chat, stream, embeddings, backends: [...seen, ...others] };
}

/** The ids in a list of models; empty if the answer is not a list. */
export function listedModels(listing: Exchange | undefined): readonly string[] {
  const reply = replyOf(listing);
  const data = reply === undefined ? undefined : at(jsonOf(reply), 'data');
  if (!Array.isArray(data)) return [];
  return data.map((entry: unknown) => at(entry, 'id')).filter((id) => typeof id === 'string');
}

function chooseModel(target: SmokeTarget, listed: readonly string[]): string | undefined {
  const wanted = target.models?.filter((name) => !target.embeddings.includes(name) && listed.includes(name));
  return wanted === undefined ? (listed.find((id) => !NOT_FOR_CHAT.test(id)) ?? listed[0]) : wanted[0];
}

// Asks each backend that has not answered yet by name, since the gateway prefers backends with the model in memory. One
// after the other, since each may have to load the model first. An alias need not be on all backends.
async function askEach(
  client: Client,
  target: SmokeTarget,
  aliases: readonly string[],
  seen: readonly (string | undefined)[],
  say: (text: string) => void,
): Promise<readonly (string | undefined)[]> {
  const found = [...seen];
  for (const backend of target.backends ?? []) {
    for (const alias of aliases) {
      // If no reply until now names its backend, later ones will not either.
      if (found.includes(backend) || found.every((one) => one === undefined)) break;
      say(`asking ${alias} of ${backend}`);
      const question = target.embeddings.includes(alias)
        ? embeddingQuestion(alias)
        : chatQuestion(alias, 'right', MODEL_MS);
      found.push(backendOf(await client.ask({ ...question, backend })));
    }
  }
  return found.slice(seen.length);
}

// A failure names its backend too, but does not count as an answer.
function backendOf(exchange: Exchange): string | undefined {
  const reply = replyOf(exchange);
  return reply?.status === 200 ? reply.headers['x-hxllm-backend'] : undefined;
}

function chatQuestion(model: string, key: 'right' | 'none', timeoutMs: number): ProbeRequest {
  return {
    method: 'POST',
    path: 'chat/completions',
    key,
    timeoutMs,
    body: { model, messages: [{ role: 'user', content: 'Say hello in one word.' }], max_tokens: 16 },
  };
}

function streamQuestion(model: string): ProbeRequest {
  const body = {
    model,
    messages: [{ role: 'user', content: 'Count from one to five.' }],
    max_tokens: 32,
    stream: true,
    stream_options: { include_usage: true },
  };
  return { method: 'POST', path: 'chat/completions', key: 'right', timeoutMs: MODEL_MS, body };
}

function embeddingQuestion(model: string): ProbeRequest {
  return {
    method: 'POST',
    path: 'embeddings',
    key: 'right',
    timeoutMs: MODEL_MS,
    body: { model, input: ['a first text', 'a second one'] },
  };
}
