import { parse } from 'yaml';
import type { Model, Settings } from '../../config/config.ts';
import { pluralize } from '../../core/pluralize.ts';
import { failed, pass, type Verdict } from '../../core/verdict.ts';
import { readGatewayConfig, type GatewayConfig } from '../../schema/gateway-config.ts';
import { pathText, type Issue } from '../../schema/issue.ts';

/** A config.yaml as the gateway reads it: the configuration and all its issues. */
export interface ReadBack {
  readonly config?: GatewayConfig;
  readonly issues: readonly Issue[];
}

/** Reads a config.yaml as the gateway would. */
export function readBack(text: string): ReadBack {
  return readGatewayConfig(parse(text), { environment: { LITELLM_MASTER_KEY: 'sk-placeholder' } });
}

/** Whether the gateway would accept the configuration. */
export function judgeAccepted({ config, issues }: ReadBack): Verdict {
  const errors = issues.filter((issue) => issue.severity === 'error');
  if (config !== undefined)
    return pass(`${pluralize(config.groups.length, 'model')} on ${pluralize(config.backends.length, 'backend')}`);
  return failed(
    'a configuration that the gateway accepts',
    errors.map(line).join('; '),
    errors[0]?.fix ?? 'hxllm inventory',
  );
}

/** The warnings that the gateway would log about the configuration. */
export function judgeWarnings({ issues }: ReadBack): Verdict {
  const warnings = issues.filter((issue) => issue.severity === 'warning');
  return warnings.length === 0
    ? pass('no key is ignored')
    : failed('no ignored key', warnings.map(line).join('; '), warnings[0]?.fix ?? 'edit group_vars');
}

/** Whether config.yaml has exactly the models of the variables, each on exactly its backends, in the same order. */
export function judgeComplete(settings: Settings, config: GatewayConfig): Verdict {
  const wanted = (settings.models ?? []).map((model) => `${model.name}: ${backendUrls(model, settings).join(', ')}`);
  const seen = config.groups.map(
    (group) => `${group.name}: ${group.deployments.map((one) => `${one.model} on ${one.url}`).join(', ')}`,
  );
  const same = wanted.length === seen.length && wanted.every((text, index) => text === seen[index]);
  const listens = config.listen?.port === settings.port;
  if (same && listens) return pass(`${pluralize(wanted.length, 'model')} as in group_vars`);
  return failed(
    [...wanted, `port ${String(settings.port)}`].join('; '),
    [...seen, `port ${String(config.listen?.port)}`].join('; '),
    'compare litellm_models: two entries with one name are read as one',
  );
}

function backendUrls(model: Model, { backends = [] }: Settings): readonly string[] {
  return backends
    .filter((backend) => model.backends?.includes(backend.url) ?? true)
    .map((backend) => `${model.model} on ${backend.url}`);
}

function line(issue: Issue): string {
  return `${pathText(issue.path)}: ${issue.message}`;
}
