import { sha256 } from '../core/hash.ts';
import { isObject } from '../core/json.ts';
import type { Deployment, ModelGroup, Wildcard } from './config-types.ts';
import { readDeployment } from './deployment.ts';
import { variableOf, type Environment, type UnsetReference } from './environment.ts';
import { type DocumentPath, type Issue } from './issue.ts';
import { flag, hasCredentials, list, mapping, text } from './kind.ts';
import { defaultUrl, readModelName, type NamedModel } from './provider.ts';
import { readSection, type IssueList } from './section.ts';
import { MODEL_ENTRY } from './sections/model-list.ts';
import { bySpecificity, isWildcard } from './wildcard.ts';

/** The facts that entries are read with. */
export interface EntryContext {
  readonly environment: Environment;
  readonly unset: readonly UnsetReference[];
  /** `hxllm.external`. */
  readonly external: boolean;
}

/** `model_list`, read. */
export interface ModelList {
  readonly groups: readonly ModelGroup[];
  readonly wildcards: readonly Wildcard[];
  /** Names that have entries, all of them left out. */
  readonly leftOut: ReadonlySet<string>;
}

/** The effect of a mistake in an entry. */
const LEFT_OUT = 'this entry is left out';

/** LiteLLM's entry for every provider: those of Ollama are served. */
const ANY_PROVIDER = ['ollama/*', 'ollama_chat/*'];

/** Reads `model_list`. Entries with one name become a group, in the order of their first entry. A wrong entry is left out, with a warning. */
export function readModelList(
  entries: readonly unknown[] | undefined,
  context: EntryContext,
  findings: IssueList,
): ModelList {
  const groups = new Map<string, [Deployment, ...Deployment[]]>();
  const names = new Set<string>();
  const uses = new Map<string, number>();
  const unset = Map.groupBy(
    context.unset.filter(({ path: [section] }) => section === 'model_list'),
    ({ path: [, index] }) => index,
  );
  const parts = (entries ?? []).map((entry, index) =>
    findings.apart((part) =>
      readEntry(entry, ['model_list', index], { ...context, unset: unset.get(index) ?? [] }, part),
    ),
  );
  // Entries that wait for a variable are models all the same: the file has what it needs.
  const hasModel = parts.some(({ value, errors }) => value === 'unset' || (value !== undefined && !errors));
  for (const [index, { value, issues, errors }] of parts.entries()) {
    // Without any model the mistakes are the reason.
    if (hasModel) findings.addTolerantly(issues, LEFT_OUT, isAboutSecret(entries?.[index]));
    else findings.issues.push(...issues);
    const entry = entries?.[index];
    const name = isObject(entry) ? text.read(entry['model_name']) : undefined;
    if (name !== undefined) names.add(name);
    if (value === undefined || value === 'unset' || errors) continue;
    for (const { name: alias, value: deployment } of value) {
      const group = groups.get(alias);
      const unique = withUniqueId(deployment, uses);
      if (group === undefined) groups.set(alias, [unique]);
      else group.push(unique);
    }
  }
  if (entries === undefined || entries.length === 0) findings.missing(['model_list'], 'a list with at least one model');
  else if (!hasModel && !parts.some(({ errors }) => errors))
    findings.missing(['model_list'], 'at least one model of an Ollama server, or of a server with /v1');
  return divided(groups, names);
}

function divided(
  all: ReadonlyMap<string, readonly [Deployment, ...Deployment[]]>,
  names: ReadonlySet<string>,
): ModelList {
  const groups: ModelGroup[] = [];
  const wildcards: Wildcard[] = [];
  for (const [name, deployments] of all)
    if (isWildcard(name)) {
      const [fixed, filled] = [false, true].map((has) => deployments.filter(({ model }) => isWildcard(model) === has));
      const isHidden = name === ANY_PROVIDER[1] && all.has(ANY_PROVIDER[0] ?? '');
      wildcards.push({ pattern: name, fixed: fixed ?? [], filled: filled ?? [], isHidden });
    } else groups.push({ name, deployments });
  return {
    groups,
    wildcards: wildcards.toSorted(bySpecificity),
    leftOut: new Set([...names].filter((name) => !all.has(name) && !isWildcard(name))),
  };
}

interface NamedDeployment {
  readonly name: string;
  readonly value: Deployment;
}

/** The deployments of an entry; `unset` if it waits for a variable, `undefined` if it is left out for another reason. */
function readEntry(
  entry: unknown,
  path: DocumentPath,
  context: EntryContext,
  findings: IssueList,
): readonly NamedDeployment[] | 'unset' | undefined {
  const given = isObject(entry) ? mapping.read(entry['litellm_params']) : undefined;
  const at = [...path, 'litellm_params'];
  const model = text.read(given?.['model']);
  const name = isObject(entry) ? text.read(entry['model_name']) : undefined;
  const isAnyProvider = model === '*' && name === '*';
  const custom = text.read(given?.['custom_llm_provider']);
  const isMock = text.read(given?.['mock_response']) !== undefined;
  const { unset } = context;
  const written = ['api_base', 'base_url'].some(
    (key) =>
      (given?.[key] ?? undefined) !== undefined ||
      unset.some((reference) => reference.path[2] === 'litellm_params' && reference.path[3] === key),
  );
  if (isOff(entry, path, context.environment, findings)) return undefined;
  let target: NamedModel | undefined;
  if (model !== undefined) {
    if (isMock) target = { provider: 'openai', prefix: 'openai', model };
    else
      target = isAnyProvider
        ? { provider: 'ollama', prefix: 'ollama', model: '*' }
        : readModelName(model, { custom, hasServer: written || context.external }, at, findings);
    if (target === undefined) return undefined;
  }
  const url = target === undefined || written || isMock ? undefined : defaultUrl(target, context, at, findings);
  if (target !== undefined && !isMock && !written && url === undefined) return undefined;
  if (unset.length > 0 && !isMock) {
    for (const { path: where, variable } of unset)
      findings.warning(
        'config.environment-unset',
        where,
        `expected the environment variable ${variable}, found that it is not set; ${LEFT_OUT}`,
        `set ${variable} in the environment, on a host in litellm.env`,
      );
    return 'unset';
  }
  const read = readSection(MODEL_ENTRY, entry, path, findings);
  if (read.model_name === undefined) findings.missing([...path, 'model_name'], 'the alias that clients ask for');
  if (read.litellm_params === undefined) findings.missing(at, 'a mapping with model and api_base');
  else if (target === undefined) findings.missing([...at, 'model'], 'ollama_chat/NAME, ollama/NAME or openai/NAME');
  if (read.model_name === undefined || target === undefined) return undefined;
  const aliases = isAnyProvider ? ANY_PROVIDER : [read.model_name];
  return aliases.map((alias) => ({
    name: alias,
    value: readDeployment(alias, entry, path, target, url, findings),
  }));
}

/** Whether an entry is paused, or for another environment; LiteLLM serves neither. */
function isOff(entry: unknown, path: DocumentPath, environment: Environment, findings: IssueList): boolean {
  const info = isObject(entry) ? mapping.read(entry['model_info']) : undefined;
  const environments = list.read(info?.['supported_environments']);
  const own = variableOf(environment, 'LITELLM_ENVIRONMENT');
  const isBlocked = flag.read(info?.['blocked']) === true;
  if (!isBlocked && (environments === undefined || environments.includes(own))) return false;
  const key = isBlocked ? 'blocked' : 'supported_environments';
  findings.warning(
    'config.entry-off',
    [...path, 'model_info', key],
    isBlocked
      ? `expected an entry that is served, found that it is blocked; ${LEFT_OUT}`
      : `expected LITELLM_ENVIRONMENT to be one of ${(environments ?? []).join(', ')}, found ${own ?? 'that it is not set'}; ${LEFT_OUT}`,
    isBlocked
      ? 'remove blocked to serve it'
      : 'set LITELLM_ENVIRONMENT in the environment, or remove supported_environments',
  );
  return true;
}

/** Mistakes with a secret refuse the document: a key that no header holds, a URL with a password. */
function isAboutSecret(entry: unknown): (issue: Issue) => boolean {
  const params = isObject(entry) ? entry['litellm_params'] : undefined;
  return ({ code, path }) =>
    code === 'config.api-key-unsuitable' ||
    (code === 'config.wrong-value' && path.length === 4 && isObject(params) && hasCredentials(params[String(path[3])]));
}

// LiteLLM treats a repeated entry as more weight, so both deployments stay and get distinct ids.
function withUniqueId(deployment: Deployment, uses: Map<string, number>): Deployment {
  const { id, listed } = deployment;
  let count = (uses.get(id) ?? 0) + 1;
  while (count > 1 && uses.has(`${id}#${String(count)}`)) count += 1;
  uses.set(id, count);
  if (count === 1) return deployment;
  const unique = `${id}#${String(count)}`;
  uses.set(unique, 1);
  return { ...deployment, id: unique, listed: listed.id === sha256(id) ? { ...listed, id: sha256(unique) } : listed };
}
