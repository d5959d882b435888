import type { BackendConfig } from '../../schema/gateway-config.ts';
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
