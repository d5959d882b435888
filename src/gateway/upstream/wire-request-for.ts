import type { Deployment } from '../../schema/gateway-config.ts';
import type { LoadRequest, ModelRequest } from '../exchange.ts';
import { hasImageTag, IMAGE_TAG, withoutImageTags } from './image-tags.ts';
import { providerOf } from './providers.ts';
import type { WireRequest } from './wire-request.ts';

/** The request with the `think` or `reasoning_effort` of an entry of Ollama's, if the client left it open. */
export function withThinking(
  request: ModelRequest | LoadRequest,
  { thinking }: Pick<Deployment, 'thinking'>,
): ModelRequest | LoadRequest {
  if (thinking === undefined || request.kind === 'load' || request.kind === 'embed') return request;
  if (request.params.thinking !== undefined) return request;
  const set = { thinking, thinkingByDefault: true } as const;
  return request.kind === 'chat'
    ? { kind: 'chat', params: { ...request.params, ...set } }
    : { kind: 'completion', params: { ...request.params, ...set } };
}

/** The request to a deployment, in the API of its server. */
export function wireRequestFor(request: ModelRequest, deployment: Deployment): WireRequest {
  const provider = providerOf(deployment);
  switch (request.kind) {
    case 'chat':
      return provider.chat(request.params, deployment);
    case 'completion':
      return provider.completion(request.params, deployment);
    case 'embed':
      return provider.embed(request.params, deployment);
  }
}

/** The same without the tags of images, which a model that sees would take for one. */
export function untaggedRequestFor(request: ModelRequest, deployment: Deployment): WireRequest {
  // Most tags stand in texts: then the request is written once. 7 MiB of them take 10 ms each time.
  const isKnown = hasImageTag(request);
  const asked = wireRequestFor(isKnown ? withoutImageTags(request) : request, deployment);
  return isKnown || !asked.body.includes(IMAGE_TAG) ? asked : wireRequestFor(withoutImageTags(request), deployment);
}
