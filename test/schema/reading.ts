import assert from 'node:assert/strict';

import { readGatewayConfig, type GatewayConfig } from '../../src/schema/gateway-config.ts';
import { pathText, type Issue } from '../../src/schema/issue.ts';

export interface Read {
  readonly config?: GatewayConfig;
  readonly issues: readonly Issue[];
}

export const read = (document: unknown, environment: Record<string, string> = {}): Read =>
  readGatewayConfig(document, { environment, unset: 'error' });

export const entry = (params: object = {}, more: object = {}): object => ({
  model_name: 'm',
  litellm_params: { model: 'ollama_chat/phi3:mini', api_base: 'http://a:11434', ...params },
  ...more,
});

export function good(document: object): GatewayConfig {
  const { config, issues } = read({ model_list: [entry()], ...document });
  assert.ok(config !== undefined, JSON.stringify(issues));
  return config;
}

export function issuesOf(document: object): readonly string[] {
  return read({ model_list: [entry()], ...document }).issues.map(
    ({ severity, code, path }) => `${severity} ${code} ${pathText(path)}`,
  );
}
