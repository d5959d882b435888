import { isObject } from '../core/json.ts';
import { resolveEnvironment, type Environment } from './environment.ts';
import type { Issue } from './issue.ts';
import { readModelList } from './model-list.ts';
import type { GatewayConfig } from './config-types.ts';
import { IssueList, readSection } from './section.ts';
import { ROOT } from './sections/sections.ts';
import { readSettings } from './settings.ts';

export type * from './config-types.ts';

/** Parameters of reading a document. */
export interface Reading {
  readonly environment: Environment;
  /** Whether a variable of `os.environ/NAME` that is not set is an error or a warning. */
  readonly unset: 'error' | 'warning';
}

/**
 * Reads a parsed `config.yaml`. Wrong and unknown entries are returned as issues, in the document's order within each
 * section. `config` is undefined if an issue is an error.
 */
export function readGatewayConfig(
  document: unknown,
  reading: Reading,
): { readonly config?: GatewayConfig; readonly issues: readonly Issue[] } {
  const findings = new IssueList();
  const resolved = resolveEnvironment(document ?? {}, reading.environment, reading.unset, findings);
  const root = readSection(ROOT, resolved, [], findings);
  const models = readModelList(root.model_list, findings);
  const settings = readSettings(root, isObject(document) ? document : {}, models, findings);
  return findings.issues.some((issue) => issue.severity === 'error')
    ? { issues: findings.issues }
    : { config: { ...models, ...settings }, issues: findings.issues };
}
