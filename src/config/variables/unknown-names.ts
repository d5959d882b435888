import type { Where } from '../../core/problem.ts';
import type { Findings } from '../findings.ts';
import type { Variables } from '../value.ts';
import { nearestName } from '../../core/spelling.ts';

/** Variables that hxllm reads. */
const KNOWN_VARIABLES = [
  'litellm_models',
  'litellm_backends',
  'litellm_master_key',
  'litellm_port',
  'litellm_listen',
  'litellm_user',
  'litellm_group',
  'litellm_routing_strategy',
  'litellm_config_dir',
  'litellm_install_dir',
  'litellm_service_manager',
  'litellm_prefix',
  'litellm_require_domain_join',
] as const;

const PREFIX = 'litellm_';

/**
 * Names each `litellm_*` variable that hxllm does not know. One that is a slip away from a known variable which is not
 * defined is an error: the operator said something, and a default would silently be used instead. All others (those of a
 * LiteLLM role that came before) are warnings.
 */
export function judgeVariableNames(variables: Variables, findings: Findings): void {
  const bare = KNOWN_VARIABLES.map((name) => name.slice(PREFIX.length));
  for (const [name, value] of variables) {
    if (!name.startsWith(PREFIX) || KNOWN_VARIABLES.some((known) => known === name)) continue;
    const near = nearestName(name.slice(PREFIX.length), bare);
    judge(
      {
        name,
        where: value.where,
        near: near === undefined ? undefined : PREFIX + near,
        nearIsSet: near !== undefined && variables.has(PREFIX + near),
        wanted: 'a variable that hxllm knows',
      },
      findings,
    );
  }
}

/** The same for the keys of an entry, such as one of `litellm_models`. */
export function judgeKeys(entries: Variables, known: readonly string[], findings: Findings): void {
  for (const [name, value] of entries) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    judge(
      {
        name,
        where: value.where,
        near,
        nearIsSet: near !== undefined && entries.has(near),
        wanted: `one of ${known.join(', ')}`,
      },
      findings,
    );
  }
}

interface UnknownName {
  readonly name: string;
  readonly where: Where;
  readonly near: string | undefined;
  readonly nearIsSet: boolean;
  readonly wanted: string;
}

function judge({ name, where, near, nearIsSet, wanted }: UnknownName, findings: Findings): void {
  if (near === undefined) {
    findings.warning({
      code: 'variables.unknown',
      summary: `${name} is not used by hxllm`,
      detail: `Wanted ${wanted}; seen ${name}, which is left alone.`,
      fix: `remove ${name} if nothing else reads it`,
      where,
    });
    return;
  }
  const problem = {
    code: 'variables.unknown',
    summary: `${name} is unknown; did you mean ${near}?`,
    detail: `Wanted ${wanted}; seen ${name}${nearIsSet ? `, beside a ${near} which counts` : `, and no ${near}`}.`,
    where,
  };
  if (nearIsSet) findings.warning({ ...problem, fix: `remove ${name}, or keep it if something else reads it` });
  else
    findings.error({
      ...problem,
      fix: `rename ${name} to ${near}; if it is meant for something else, define ${near} as well`,
    });
}
