import type { CompletionRequest } from '../../exchange.ts';
import type { Json } from '../../json.ts';
import { bodyText } from './body-text.ts';
import { parametersOf } from './parameters.ts';

/** The body of `POST /completions`, whose prompt goes to the model without its template. */
export function completionBody(request: CompletionRequest, model: string, fields?: Json): string {
  const own = {
    model,
    prompt: request.prompt,
    suffix: request.suffix,
    ...parametersOf(request),
    logprobs: request.logprobs,
  };
  return bodyText(own, fields);
}

/** Whether a prompt goes to `/completions`. Any other prompt is sent as a chat: only that goes through the model's template. */
export function goesAsItIs({ raw, suffix }: CompletionRequest): boolean {
  return raw || suffix !== undefined;
}
