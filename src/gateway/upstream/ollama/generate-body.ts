import type { CompletionRequest } from '../../exchange.ts';
import { verifiedContext } from './context.ts';
import { optionsFor, type AliasSettings } from './options.ts';
import { formatBody } from './schema.ts';

/**
 * The body of `POST /api/generate`. The prompt goes through the model's template, as on Ollama's own `/v1/completions`, unless it
 * is raw. Always a stream.
 */
export function generateBody(request: CompletionRequest, settings: AliasSettings): string {
  return JSON.stringify({
    model: settings.model,
    prompt: request.prompt,
    suffix: request.suffix,
    raw: request.raw ? true : undefined,
    context: request.context === undefined ? undefined : verifiedContext(request.context, settings.model),
    system: request.system,
    template: request.template,
    images: request.images === undefined || request.images.length === 0 ? undefined : request.images,
    format: formatBody(request),
    stream: true,
    // Every server is asked to refuse a prompt that does not fit; `UpstreamRequest` asks again if the client's API cuts it.
    truncate: request.cut === true,
    // Only a client of Ollama's own API has a full context drop its beginning; else it ends the response.
    shift: (request.shift ?? false) !== false,
    think: request.thinking,
    logprobs: request.logprobs === undefined ? undefined : true,
    top_logprobs: request.logprobs === 0 ? undefined : request.logprobs,
    keep_alive: settings.keepAlive,
    options: optionsFor(request, settings),
  });
}
