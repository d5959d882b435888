import { isObject, type Json } from '../../json.ts';
import type { ModelTarget, Provider } from '../provider.ts';
import type { BackendQuery } from '../query-cache.ts';
import { ollamaChat, ollamaCompletion, ollamaEmbed } from './call.ts';
import { verifiedContext } from './context.ts';
import { modelContext } from './model-context.ts';
import { isNever, loadBodies, loadedModels, testBodies, unloadBody } from './memory.ts';
import { ollamaFailure } from './ollama-failure.ts';
import type { AliasSettings } from './options.ts';
import { renderBody, renderedPrompt } from './render.ts';
import { unheldParams } from './schema.ts';

/** Short, since a model that was just pulled is to be found at once. */
const TAGS: BackendQuery = { path: '/api/tags', holdsMs: 1000 };

/** Ollama's native API. The gateway loads and unloads its models. */
export const OLLAMA_PROVIDER: Provider = {
  chat: (params, target) => ollamaChat(params, settingsOf(target)),
  completion: (params, target) => ollamaCompletion(params, settingsOf(target)),
  embed: (params, target) => ollamaEmbed(params, settingsOf(target)),
  unsupportedParams: unheldParams,
  forwardsOriginal: false,
  truncates: true,
  probePath: '/api/version',
  answersWhileBusy: true,
  acceptsContext: (context, model) => verifiedContext(context, model) !== undefined,
  memory: {
    loads: loadBodies,
    tests: testBodies,
    // A model that only embeds is refused by /api/generate (seen on 0.22.1).
    isWrongLoad: ({ message }) => /does not support generate/i.test(message),
    unload: (model) => ({ path: '/api/generate', body: unloadBody(model) }),
    listPath: '/api/ps',
    readList: loadedModels,
    fail: ollamaFailure,
  },
  capabilities: {
    query: (model) => showQuery(model, false),
    read: ({ capabilities }) => (Array.isArray(capabilities) ? capabilities : undefined),
  },
  context: { query: (model) => showQuery(model, false), read: modelContext },
  render: {
    query: (params, { model, options }) => ({
      path: '/api/chat',
      body: renderBody(params, { model, options, keepAlive: undefined }),
      holdsMs: 0,
    }),
    read: renderedPrompt,
  },
  models: { query: TAGS, read: namesInTags },
  catalogue: {
    tags: TAGS,
    loaded: { path: '/api/ps', holdsMs: 250 },
    version: { path: '/api/version', holdsMs: 60_000 },
    show: showQuery,
  },
};

function namesInTags({ models }: Json): readonly string[] {
  return Array.isArray(models)
    ? models.filter(isObject).flatMap(({ name }) => (typeof name === 'string' ? [name] : []))
    : [];
}

// The verbose form is large and seldom asked for: it is not kept.
function showQuery(model: string, verbose: boolean): BackendQuery {
  return { path: '/api/show', body: verbose ? { model, verbose } : { model }, holdsMs: verbose ? 0 : 5000 };
}

// `keep_alive` goes with the load. Repeated in a request it would keep a model that is to make room, and block that server's loads.
function settingsOf({ model, keepAlive, options }: ModelTarget): AliasSettings {
  return { model, keepAlive: isNever(keepAlive) ? keepAlive : undefined, options };
}
