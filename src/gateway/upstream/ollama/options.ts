import type { ChatRequest } from '../../exchange.ts';

/** What an alias fixes for everyone who uses it. */
export interface AliasSettings {
  /** The model's name in Ollama. */
  readonly model: string;
  readonly keepAlive: number | string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

// What these change reloads the model (api/types.go, Runner), so no request may.
const RUNNER_OPTIONS: ReadonlySet<string> = new Set([
  'num_ctx',
  'num_batch',
  'num_gpu',
  'main_gpu',
  'num_thread',
  'use_mmap',
]);

// Divided by less than that, the sampler's numbers overflow and the runner dies, with all that it answers (seen on 0.22.1); so little is none.
const LEAST_TEMPERATURE = 1e-6;

/** The `options` of a request for text: those of the alias, and over them what the request says. */
export function optionsFor(
  { sampling, stop, namesStop, maxTokens }: Pick<ChatRequest, 'sampling' | 'stop' | 'namesStop' | 'maxTokens'>,
  settings: AliasSettings,
): Readonly<Record<string, unknown>> | undefined {
  const options: Record<string, unknown> = { ...settings.options };
  for (const [name, value] of Object.entries(sampling))
    if (!RUNNER_OPTIONS.has(name))
      options[name] = name === 'temperature' && value < LEAST_TEMPERATURE ? Math.min(0, value) : value;
  // What the server stopped at it would not say.
  if (stop.length > 0 && namesStop !== true) options['stop'] = stop;
  // 0 would never stop (the reader leaves out the one token that comes).
  if (maxTokens !== undefined) options['num_predict'] = Math.max(1, maxTokens);
  return Object.keys(options).length === 0 ? undefined : options;
}
