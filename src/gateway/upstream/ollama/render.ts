import { isObject, parseObject, textOf, type Json } from '../../json.ts';
import type { ChatRequest } from '../../exchange.ts';
import { ollamaChatBody } from './chat-body.ts';
import type { AliasSettings } from './options.ts';

/**
 * The body of a request to `/api/chat` that renders the prompt without answering it. It takes no slot; a model that is not in
 * memory would be loaded for it (seen on 0.22.1). Older servers answer with one token.
 */
export function renderBody(request: ChatRequest, settings: AliasSettings): Json {
  return {
    ...parseObject(ollamaChatBody({ ...request, maxTokens: 1 }, settings)),
    stream: false,
    _debug_render_only: true,
  };
}

/** The rendered prompt in a response, which may be empty; `undefined` if the server cannot render. */
export function renderedPrompt(answer: Json | undefined): string | undefined {
  const info = answer?.['_debug_info'];
  return isObject(info) ? textOf(info, 'rendered_template') : undefined;
}
