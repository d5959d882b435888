import { isObject } from '../core/json.ts';
import { resolveEnvironment, withVariablesOf, type Environment, type UnsetReference } from './environment.ts';
import { pathText, withoutRepeats, type Issue } from './issue.ts';
import { flag } from './kind.ts';
import { readModelList } from './model-list.ts';
import type { GatewayConfig } from './config-types.ts';
import { IssueList, readSection } from './section.ts';
import { ROOT } from './sections/sections.ts';
import { readSettings } from './settings.ts';

export type * from './config-types.ts';

/** Parameters of reading a document. */
export interface Reading {
  readonly environment: Environment;
}

/**
 * Reads a parsed `config.yaml`. Wrong and unknown entries are returned as issues, in the document's order within each
 * section. `config` is undefined if an issue is an error. Mistakes in LiteLLM's part of the format cost the entry or the key that
 * has them; the master key, `hxllm` and a document without any model are errors.
 */
export function readGatewayConfig(
  document: unknown,
  reading: Reading,
): { readonly config?: GatewayConfig; readonly issues: readonly Issue[] } {
  const findings = new IssueList();
  const environment = withVariablesOf(document, reading.environment);
  const unset: UnsetReference[] = [];
  const resolved = resolveEnvironment(document ?? {}, environment, unset);
  for (const reference of unset) reportUnset(reference, findings);
  const root = readSection(ROOT, resolved, [], findings);
  const models = readModelList(root.model_list, { environment, unset, external: isExternal(root.hxllm) }, findings);
  const config = readSettings(root, environment, models, findings);
  const issues = withoutRepeats(findings.issues);
  return issues.some((issue) => issue.severity === 'error') ? { issues } : { config, issues };
}

// The entries of model_list and the variables of the document report theirs themselves.
function reportUnset({ path, variable }: UnsetReference, findings: IssueList): void {
  findings.unset.add(pathText(path));
  const [section] = path;
  if (section === 'model_list' || section === 'environment_variables') return;
  const at = pathText(path);
  // Without its variable there is no previous key: fewer keys are let in, and the file may stay as it is when a rotation ends.
  const isNeeded = (section === 'hxllm' && at !== 'hxllm.master_key_previous') || at === 'general_settings.master_key';
  findings[isNeeded ? 'error' : 'warning'](
    'config.environment-unset',
    path,
    `expected the environment variable ${variable}, found that it is not set${isNeeded ? '' : '; this key is ignored'}`,
    `set ${variable} in the environment, on a host in litellm.env`,
  );
}

function isExternal(own: unknown): boolean {
  return isObject(own) && flag.read(own['external']) === true;
}
