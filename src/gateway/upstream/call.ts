import type { Deployment } from '../../schema/gateway-config.ts';
import type { Order, ServerCall } from '../exchange.ts';
import * as ollama from '../ollama/call.ts';
import * as openai from '../openai/call.ts';

/** What to send to a deployment for an order, in the dialect of its server. */
export function callFor(order: Order, { provider, model, keepAlive, options }: Deployment): ServerCall {
  const { asks } = order;
  if (provider === 'openai') return asks.kind === 'chat' ? openai.chatCall(asks.request, model) : openai.embedCall(asks.request, model);
  const keeping = { model, keepAlive, options };
  return asks.kind === 'chat' ? ollama.chatCall(asks.request, keeping) : ollama.embedCall(asks.request, keeping);
}
