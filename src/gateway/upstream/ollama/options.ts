import type { ChatRequest } from '../../exchange.ts';
import { exactNumber } from '../../../core/exact-number.ts';

/** The settings of an alias, which hold for every client. */
export interface AliasSettings {
  /** The model's name in Ollama. */
  readonly model: string;
  readonly keepAlive: number | string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

// A change of one of these reloads the model (api/types.go, Runner), so no request may set them.
const RUNNER_OPTIONS: ReadonlySet<string> = new Set([
  'num_ctx',
  'num_batch',
  'num_gpu',
  'main_gpu',
  'num_thread',
  'use_mmap',
]);

// A smaller temperature makes the sampler's numbers overflow and kills the runner, with all its responses (seen on 0.22.1); it is
// sent as 0.
const LEAST_TEMPERATURE = 1e-6;

/** The `options` of a request for text: those of the alias, overridden by the request's. */
export function optionsFor(
  { sampling, stop, namesStop, maxTokens }: Pick<ChatRequest, 'sampling' | 'stop' | 'namesStop' | 'maxTokens'>,
  settings: AliasSettings,
): Readonly<Record<string, unknown>> | undefined {
  const options: Record<string, unknown> = { ...settings.options };
  for (const [name, value] of Object.entries(sampling))
    if (!RUNNER_OPTIONS.has(name))
      options[name] =
        name === 'temperature' && typeof value === 'number' && value < LEAST_TEMPERATURE
          ? Math.min(0, value)
          : exactNumber(value);
  // A server that stops at a sequence does not report it.
  if (stop.length > 0 && namesStop !== true) options['stop'] = stop;
  // 0 would never stop (the decoder drops the one token that comes).
  if (maxTokens !== undefined) options['num_predict'] = Math.max(1, maxTokens);
  return Object.keys(options).length === 0 ? undefined : options;
}
