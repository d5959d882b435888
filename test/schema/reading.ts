import assert from 'node:assert/strict';

import { configYamlSchema } from '../../src/schema/document-schema.ts';
import { readGatewayConfig, type GatewayConfig } from '../../src/schema/gateway-config.ts';
import { pathText, type Issue } from '../../src/schema/issue.ts';
import { assertValid } from '../json-schema.ts';

const SCHEMA = configYamlSchema();

export interface Read {
  readonly config?: GatewayConfig;
  readonly issues: readonly Issue[];
}

/** Reads a document. One without errors and unknown keys must be valid by the published schema as well. */
export const read = (document: unknown, environment: Record<string, string> = {}): Read => {
  const found = readGatewayConfig(document, { environment });
  if (
    found.issues.every(
      ({ severity, code }) => severity === 'warning' && !['config.unknown-key', 'config.wrong-value'].includes(code),
    )
  )
    assertValid(SCHEMA, document);
  return found;
};

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
