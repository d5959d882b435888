import type { CompletionRequest } from '../../exchange.ts';
import { parametersOf } from './parameters.ts';

/** The body of `POST /completions`, whose prompt goes to the model as it is. */
export function completionBody(request: CompletionRequest, model: string): string {
  return JSON.stringify({
    model,
    prompt: request.prompt,
    suffix: request.suffix,
    ...parametersOf(request),
    logprobs: request.logprobs,
  });
}

/** Whether a prompt is for `/completions`; any other is put as a chat, since only that goes through the model's template. */
export function goesAsItIs({ raw, suffix }: CompletionRequest): boolean {
  return raw || suffix !== undefined;
}
