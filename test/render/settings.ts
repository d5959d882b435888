import type { Backend, Model, Settings } from '../../src/config/config.ts';
import { defaultSettings } from '../../src/config/variables/default-settings.ts';
import { Secret } from '../../src/core/secret.ts';

/** A model of group_vars. */
export function model(name: string, over: Partial<Model> = {}): Model {
  return {
    name,
    provider: 'ollama',
    model: `${name}:latest`,
    backends: undefined,
    numCtx: undefined,
    keepAlive: undefined,
    options: {},
    mode: 'chat',
    ...over,
  };
}

/** A backend of group_vars. */
export function backend(url: string, numParallel?: number): Backend {
  return { url, numParallel };
}

/** Settings as in the guide, with a key. */
export function settings(over: Partial<Settings> = {}): Settings {
  return {
    ...defaultSettings(),
    models: [model('phi3')],
    backends: [backend('http://llm01:11434'), backend('http://llm02:11434')],
    routingStrategy: 'least-busy',
    masterKey: { state: 'set', key: new Secret(`sk-${'a1'.repeat(32)}`), where: {} },
    ...over,
  };
}
