import { at, jsonOf, replyOf, type Exchange } from './exchange.ts';

/** Facts about an alias that its server states; `undefined` where it does not. */
export interface AliasFacts {
  readonly tools: boolean | undefined;
  readonly vision: boolean | undefined;
  /** The context that its configuration states, in tokens: the smallest of its servers. */
  readonly stated: number | undefined;
  /** The context that the model was trained for, in tokens. */
  readonly trained: number | undefined;
  readonly isEmbedding: boolean;
}

/** Reads `/model/info`, as LiteLLM and hxllm's gateway write it: an entry for each alias on each server. */
export function readModelInfo(exchange: Exchange | undefined): ReadonlyMap<string, AliasFacts> {
  const reply = replyOf(exchange);
  const data = reply?.status === 200 ? at(jsonOf(reply), 'data') : undefined;
  const facts = new Map<string, AliasFacts>();
  for (const entry of Array.isArray(data) ? data : []) {
    const name = at(entry, 'model_name');
    if (typeof name !== 'string') continue;
    const info = at(entry, 'model_info');
    // hxllm's gateway has fields of its own for them: max_input_tokens is the context of now, which may grow.
    const [stated, trained] =
      at(info, 'trained_context') === undefined
        ? [at(entry, 'litellm_params', 'num_ctx'), at(info, 'max_input_tokens')]
        : [at(info, 'stated_context'), at(info, 'trained_context')];
    const known = facts.get(name);
    facts.set(name, {
      tools: flagOf(at(info, 'supports_function_calling')) ?? known?.tools,
      vision: flagOf(at(info, 'supports_vision')) ?? known?.vision,
      stated: smaller(stated, known?.stated),
      trained: smaller(trained, known?.trained),
      isEmbedding: at(info, 'mode') === 'embedding',
    });
  }
  return facts;
}

/** A model of an alias that its server says nothing about. */
export interface SilentModel {
  readonly alias: string;
  readonly server: string;
}

/**
 * The entries of `/model/info` without any word of their server, while the server says something about another model. Mostly the server
 * does not have the model; it may also have been too slow.
 */
export function silentModels(exchange: Exchange | undefined): readonly SilentModel[] {
  const reply = replyOf(exchange);
  const data = reply?.status === 200 ? at(jsonOf(reply), 'data') : undefined;
  const entries = (Array.isArray(data) ? data : []).flatMap((entry: unknown) => {
    const [alias, server] = [at(entry, 'model_name'), at(entry, 'litellm_params', 'api_base')];
    if (typeof alias !== 'string' || typeof server !== 'string') return [];
    // The gateway copies what the model can from the server, and nothing else.
    return [
      {
        alias,
        server: server.replace(/\/+$/, ''),
        isTold: typeof at(entry, 'model_info', 'supports_tool_choice') === 'boolean',
      },
    ];
  });
  return entries
    .filter(({ server, isTold }) => !isTold && entries.some((one) => one.isTold && one.server === server))
    .map(({ alias, server }) => ({ alias, server }));
}

/** Reads Ollama's `/api/show` of one model; `undefined` if the server is no Ollama. */
export function readShownModel(exchange: Exchange | undefined): AliasFacts | undefined {
  const reply = replyOf(exchange);
  const body = reply?.status === 200 ? jsonOf(reply) : undefined;
  const info = at(body, 'model_info');
  const capabilities = at(body, 'capabilities');
  if (typeof info !== 'object' || info === null) return undefined;
  const can = (name: string): boolean | undefined =>
    Array.isArray(capabilities) ? capabilities.includes(name) : undefined;
  const [, trained] = Object.entries(info).find(([key]) => key.endsWith('.context_length')) ?? [];
  const parameters = at(body, 'parameters');
  const stated = typeof parameters === 'string' ? /^num_ctx\s+(\d+)/m.exec(parameters)?.[1] : undefined;
  return {
    tools: can('tools'),
    vision: can('vision'),
    stated: stated === undefined ? undefined : Number(stated),
    trained: smaller(trained, undefined),
    isEmbedding: can('embedding') === true && can('completion') !== true,
  };
}

function flagOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function smaller(value: unknown, known: number | undefined): number | undefined {
  if (typeof value !== 'number' || value <= 0) return known;
  return known === undefined ? value : Math.min(value, known);
}
