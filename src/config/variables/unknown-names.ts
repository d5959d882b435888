import type { Where } from '../../core/problem.ts';
import type { Findings } from '../findings.ts';
import type { Variables } from '../value.ts';
import { nearestName } from '../../core/spelling.ts';
import { VARIABLES } from './variables.ts';

const PREFIX = 'litellm_';
const KNOWN_NAMES = Object.keys(VARIABLES);

/**
 * Reports each unknown `litellm_*` variable. It is an error if a known variable with nearly the same name is not
 * defined: hxllm would silently use a default instead of the operator's value. Others, such as those of a former
 * LiteLLM role, are warnings.
 */
export function judgeVariableNames(variables: Variables, findings: Findings): void {
  const bare = KNOWN_NAMES.map((name) => name.slice(PREFIX.length));
  for (const [name, value] of variables) {
    if (!name.startsWith(PREFIX) || KNOWN_NAMES.includes(name)) continue;
    const near = nearestName(name.slice(PREFIX.length), bare);
    judge(
      {
        name,
        where: value.where,
        near: near === undefined ? undefined : PREFIX + near,
        nearIsSet: near !== undefined && variables.has(PREFIX + near),
        kind: 'variable',
        wanted: 'a variable of hxllm',
      },
      findings,
    );
  }
}

/** Reports unknown keys of an entry, such as one of `litellm_models`, in the same way. */
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
        kind: 'key',
        wanted: `one of ${known.join(', ')}`,
      },
      findings,
    );
  }
}

interface UnknownName {
  readonly name: string;
  readonly kind: 'variable' | 'key';
  readonly where: Where;
  readonly near: string | undefined;
  readonly nearIsSet: boolean;
  readonly wanted: string;
}

function judge({ name, kind, where, near, nearIsSet, wanted }: UnknownName, findings: Findings): void {
  const unknown = { code: 'variables.unknown', where };
  if (near === undefined)
    findings.warning({
      ...unknown,
      summary: `unknown ${kind} ${name}, ignored`,
      detail: `Expected ${wanted}, found ${name}.`,
      fix: `remove ${name} if nothing else reads it`,
    });
  else if (nearIsSet)
    findings.warning({
      ...unknown,
      summary: `unknown ${kind} ${name}, ignored. Did you mean ${near}?`,
      detail: `Expected ${wanted}, found ${name} beside ${near}, which is used.`,
      fix: `remove ${name}, or keep it if something else reads it`,
    });
  else
    findings.error({
      ...unknown,
      summary: `unknown ${kind} ${name}. Did you mean ${near}?`,
      detail: `Expected ${wanted}, found ${name} and no ${near}.`,
      fix: `rename ${name} to ${near}; if something else reads ${name}, define ${near} as well`,
    });
}
