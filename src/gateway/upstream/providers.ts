import type { BackendConfig } from '../../schema/gateway-config.ts';
import type { LoadRequest, ModelRequest } from '../exchange.ts';
import { OLLAMA_PROVIDER } from './ollama/provider.ts';
import { OPENAI_PROVIDER } from './openai/provider.ts';
import type { Provider } from './provider.ts';

const PROVIDERS: Readonly<Record<BackendConfig['provider'], Provider>> = {
  ollama: OLLAMA_PROVIDER,
  openai: OPENAI_PROVIDER,
};

/** The kind of server of a backend or deployment. */
export function providerOf({ provider }: Pick<BackendConfig, 'provider'>): Provider {
  return PROVIDERS[provider];
}

/**
 * The parameters of a request without effect on these deployments, known before the first byte: `ignoredParams`, which Ollama's API does
 * not have, and those that no server of theirs can express. A server that gets the request as it came reports for itself, but for the digits
 * that reading the request has cost.
 */
export function ignoredByServers(
  deployments: readonly Pick<BackendConfig, 'provider'>[],
  request: ModelRequest | LoadRequest | undefined,
  ignoredParams: readonly string[],
): readonly string[] {
  const isOriginal = request !== undefined && request.kind !== 'load' && request.params.original !== undefined;
  const unsupported = unsupportedByAll(deployments, request);
  if (isOriginal && deployments.every((deployment) => providerOf(deployment).forwardsOriginal)) return unsupported;
  return unsupported.length === 0 ? ignoredParams : [...ignoredParams, ...unsupported];
}

function unsupportedByAll(
  deployments: readonly Pick<BackendConfig, 'provider'>[],
  request: ModelRequest | LoadRequest | undefined,
): readonly string[] {
  if (request === undefined || request.kind === 'load') return [];
  const [first] = deployments;
  if (first === undefined) return [];
  const params = providerOf(first).unsupportedParams(request);
  if (params.length === 0) return params;
  const others = deployments.filter(({ provider }) => provider !== first.provider);
  return others.length === 0
    ? params
    : params.filter((name) => others.every((other) => providerOf(other).unsupportedParams(request).includes(name)));
}
