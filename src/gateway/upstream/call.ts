import type { Deployment } from '../../schema/gateway-config.ts';
import type { Ask, ServerCall } from '../exchange.ts';
import * as ollama from './ollama/call.ts';
import { isNever } from './ollama/memory.ts';
import * as openai from './openai/call.ts';

/** What to send to a deployment for what is asked, in the dialect of its server. */
export function callFor(asks: Ask, { provider, model, keepAlive, options }: Deployment): ServerCall {
  // How long a model stays is said when it is loaded: said again, it would revive one that is to make room for another, and jam that server's loads.
  const keeping = { model, keepAlive: isNever(keepAlive) ? keepAlive : undefined, options };
  switch (asks.kind) {
    case 'chat':
      return provider === 'openai' ? openai.chatCall(asks.request, model) : ollama.chatCall(asks.request, keeping);
    case 'completion':
      return provider === 'openai'
        ? openai.completionCall(asks.request, model)
        : ollama.completionCall(asks.request, keeping);
    case 'embed':
      return provider === 'openai' ? openai.embedCall(asks.request, model) : ollama.embedCall(asks.request, keeping);
  }
}
