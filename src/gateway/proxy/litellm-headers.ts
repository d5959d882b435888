import type { RequestContext } from '../request-context.ts';

/** The longest call id of a client that is sent back (MAX_LITELLM_CALL_ID_LENGTH in LiteLLM 1.108.7). */
const MAX_CALL_ID = 256;

/**
 * The headers of the request, and those of LiteLLM on every response to a request for a model, errors included: the id of the call, which is the client's own if it
 * sent one, and the price. The servers are the operator's own, so nothing is charged.
 */
export function callHeaders({ id, incoming, headers }: RequestContext): Record<string, string> {
  const own = incoming.headers['x-litellm-call-id'];
  const isSendable = typeof own === 'string' && own.length <= MAX_CALL_ID && /^[\x21-\x7e]+$/.test(own);
  return { ...headers, 'x-litellm-call-id': isSendable ? own : id, 'x-litellm-response-cost': '0' };
}

/** Adds LiteLLM's headers of a response that succeeds: the deployment, as `litellm_model_id` of `/model/info`, and the alias that served. */
export function addModelHeaders({ record: { modelId, group } }: RequestContext, headers: Record<string, string>): void {
  if (modelId !== undefined) headers['x-litellm-model-id'] = modelId;
  if (group !== undefined) headers['x-litellm-model-group'] = asciiName(group);
}

/** An alias may be any text, and a header is ASCII: other names are written as in a URL. */
export function asciiName(name: string): string {
  return /^[\x20-\x7e]*$/.test(name) ? name : encodeURIComponent(name.toWellFormed());
}
