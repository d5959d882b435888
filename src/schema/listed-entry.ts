import { sha256 } from '../core/hash.ts';
import { isObject } from '../core/json.ts';
import type { ListedEntry } from './config-types.ts';
import { OLLAMA_OPTIONS } from './sections/ollama-options.ts';

/** Parameters that `/model/info` shows: none of them can hold a key. */
const SHOWN: ReadonlySet<string> = new Set([
  ...Object.keys(OLLAMA_OPTIONS),
  ...`custom_llm_provider keep_alive timeout stream_timeout weight order rpm tpm cooldown_time max_tokens tags
    input_cost_per_token output_cost_per_token think reasoning_effort`.split(/\s+/),
]);

/** A name of `model_info` that may hold a secret. */
const SECRET_NAME = /api_?key|secret|password|credential|authorization|access_key/i;

/** The id of a deployment in a response header. */
const HEADER_ID = /^[\x21-\x7e]{1,256}$/;

/**
 * An entry of `model_list` as LiteLLM's clients see it. `deployment` is the deployment's own id, of which the id here is made, unless
 * `model_info.id` gives one.
 */
export function listedEntry(
  deployment: string,
  writtenUrl: string | undefined,
  params: Readonly<Record<string, unknown>>,
  info: Readonly<Record<string, unknown>>,
): ListedEntry {
  const { id, ...rest } = info;
  return {
    id: typeof id === 'string' && HEADER_ID.test(id) ? id : sha256(deployment),
    params: {
      ...(writtenUrl === undefined ? {} : { api_base: writtenUrl }),
      model: params['model'],
      ...Object.fromEntries(
        Object.entries(params).filter(([name, value]) => SHOWN.has(name) && (value ?? undefined) !== undefined),
      ),
    },
    info: withoutSecrets(rest),
  };
}

function withoutSecrets(info: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const kept = Object.entries(info).filter(([name]) => !SECRET_NAME.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, isObject(value) ? withoutSecrets(value) : value]));
}
