import type { Body } from '../dialect/body.ts';
import { isObject, type Json } from '../../json.ts';

/** The request parameters that a response repeats. Unsupported ones have the value that the gateway used instead. */
export type Settings = Json;

/** Settings as JSON, written once: a stream repeats them in three events, with instructions and tools that may be long. */
export class SettingsText {
  readonly #settings: Settings;
  #text: string | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  get text(): string {
    this.#text ??= JSON.stringify(this.#settings);
    return this.#text;
  }
}

/**
 * Reads the settings from a body; `tools` lists the tools that the model can call. A sampling parameter that is not in the request
 * is null, because the model's own default applies.
 */
export function settingsOf(body: Body, tools: readonly Json[]): Settings {
  const reasoning: Json = body.object('reasoning') ?? {};
  const text: Json = body.object('text') ?? {};
  return {
    access_programs: null,
    background: false,
    instructions: body.text('instructions') ?? null,
    max_output_tokens: body.value('max_output_tokens') ?? null,
    max_tool_calls: body.whole('max_tool_calls', 0) ?? null,
    parallel_tool_calls: body.flag('parallel_tool_calls') ?? true,
    previous_response_id: null,
    prompt_cache_key: body.text('prompt_cache_key') ?? null,
    reasoning: {
      effort: reasoning['effort'] ?? null,
      summary: reasoning['summary'] ?? reasoning['generate_summary'] ?? null,
    },
    safety_identifier: body.text('safety_identifier') ?? null,
    service_tier: 'default',
    store: false,
    temperature: body.value('temperature') ?? null,
    text: { format: isObject(text['format']) ? text['format'] : { type: 'text' } },
    tool_choice: body.value('tool_choice') ?? 'auto',
    tools,
    top_logprobs: body.value('top_logprobs') ?? 0,
    top_p: body.value('top_p') ?? null,
    truncation: 'disabled',
    user: body.text('user') ?? null,
    metadata: readMetadata(body),
  };
}

function readMetadata(body: Body): Json {
  const metadata = body.object('metadata') ?? {};
  if (!Object.values(metadata).every((value) => typeof value === 'string'))
    body.refuse('metadata', "Invalid type for 'metadata': expected an object whose values are strings.");
  return metadata;
}
