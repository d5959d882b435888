import type { Deployment } from '../../schema/gateway-config.ts';
import type { ModelRequest, WireRequest } from '../exchange.ts';
import * as ollama from './ollama/call.ts';
import { isNever } from './ollama/memory.ts';
import * as openai from './openai/call.ts';

/** What to send to a deployment for what is asked, in the dialect of its server. */
export function wireRequestFor(
  request: ModelRequest,
  { provider, model, keepAlive, options }: Deployment,
): WireRequest {
  // How long a model stays is said when it is loaded: said again, it would revive one that is to make room for another, and jam that server's loads.
  const keeping = { model, keepAlive: isNever(keepAlive) ? keepAlive : undefined, options };
  switch (request.kind) {
    case 'chat':
      return provider === 'openai'
        ? openai.openaiChat(request.params, model)
        : ollama.ollamaChat(request.params, keeping);
    case 'completion':
      return provider === 'openai'
        ? openai.openaiCompletion(request.params, model)
        : ollama.ollamaCompletion(request.params, keeping);
    case 'embed':
      return provider === 'openai'
        ? openai.openaiEmbed(request.params, model)
        : ollama.ollamaEmbed(request.params, keeping);
  }
}
