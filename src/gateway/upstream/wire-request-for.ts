import type { Deployment } from '../../schema/gateway-config.ts';
import type { ModelRequest } from '../exchange.ts';
import { providerOf } from './providers.ts';
import type { WireRequest } from './wire-request.ts';

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
