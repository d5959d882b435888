import { sha256 } from '../core/hash.ts';
import { Secret } from '../core/secret.ts';
import type { Deployment, ModelGroup } from './config-types.ts';
import type { DocumentPath } from './issue.ts';
import { listedEntry } from './listed-entry.ts';
import { readModelName } from './provider.ts';
import { readExtraBody } from './extra-body.ts';
import { readSection, type IssueList } from './section.ts';
import { LITELLM_PARAMS, MODEL_ENTRY, MODEL_INFO } from './sections/model-list.ts';
import { OLLAMA_OPTIONS } from './sections/ollama-options.ts';
import { knownOptions, warnOfUnknownOption } from './options.ts';

/** RFC 9110 5.5: visible characters, spaces and tabs; Node sends Latin-1. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const ENTRY = { ...LITELLM_PARAMS, ...OLLAMA_OPTIONS };

/** Reads `model_list`. Entries with one name become a group, in the order of their first entry. */
export function readModelList(
  entries: readonly unknown[] | undefined,
  findings: IssueList,
): { readonly groups: readonly ModelGroup[] } {
  if (entries === undefined || entries.length === 0) findings.missing(['model_list'], 'a list with at least one model');
  const groups = new Map<string, [Deployment, ...Deployment[]]>();
  for (const [index, entry] of (entries ?? []).entries()) {
    const read = readEntry(entry, ['model_list', index], findings);
    if (read === undefined) continue;
    const group = groups.get(read.name);
    if (group === undefined) groups.set(read.name, [read.deployment]);
    else group.push(withUniqueId(read.deployment, group));
  }
  // All entries belong to providers that hxllm does not support. Each has its warning, but the gateway would serve no
  // model.
  const onlyLeftOut =
    groups.size === 0 && findings.unset.size === 0 && findings.issues.every(({ severity }) => severity === 'warning');
  if (onlyLeftOut) findings.missing(['model_list'], 'at least one model of an Ollama server, or of a server with /v1');
  return { groups: [...groups].map(([name, deployments]) => ({ name, deployments })) };
}

function readEntry(
  entry: unknown,
  path: DocumentPath,
  findings: IssueList,
): { name: string; deployment: Deployment } | undefined {
  const { model_name: name, litellm_params: given, model_info: info } = readSection(MODEL_ENTRY, entry, path, findings);
  const at = [...path, 'litellm_params'];
  if (name === undefined) findings.missing([...path, 'model_name'], 'the alias that clients ask for');
  if (given === undefined) findings.missing(at, 'a mapping with model and api_base');
  const params = readSection(ENTRY, given, at, findings, warnOfUnknownOption);
  const { mode } = readSection(MODEL_INFO, info, [...path, 'model_info'], findings, () => undefined);
  const target = given === undefined ? undefined : readModelName(params.model, params.api_base, at, findings);
  if (name === undefined || target === undefined) return undefined;
  if (params.api_key !== undefined && !HEADER_VALUE.test(params.api_key))
    findings.error(
      'config.api-key-unsuitable',
      [...at, 'api_key'],
      'expected a key that an HTTP header can hold, found a line break, a control character or a character beyond Latin-1',
      'set the key again, without the line break at its end: KEY="$(cat FILE)"',
    );
  if (target.provider === 'ollama' && target.url.endsWith('/v1'))
    findings.warning(
      'config.api-base-of-v1',
      [...at, 'api_base'],
      `expected the address of an Ollama server, found one that ends in /v1: every request would be 404`,
      `remove /v1 from api_base, or write model: openai/${target.model}`,
    );
  const extra = readExtraBody(params.extra_body, [...at, 'extra_body'], findings);
  const { keep_alive: keepAlive = extra.keepAlive, timeout, stream_timeout: streamTimeout } = params;
  const writtenUrl = given?.['api_base'];
  // A response header shows it, and headers are ASCII.
  const shownUrl = typeof writtenUrl === 'string' && /^[\x21-\x7e]+$/.test(writtenUrl) ? writtenUrl : target.url;
  const id = `${name}@${target.url}#${target.model}`;
  const deployment: Deployment = {
    ...target,
    writtenUrl: shownUrl,
    id,
    listed: listedEntry(id, writtenUrl === undefined ? undefined : shownUrl, given ?? {}, info ?? {}),
    mode: mode === 'completion' ? 'chat' : mode,
    apiKey: params.api_key === undefined ? undefined : new Secret(params.api_key),
    keepAlive,
    options: { ...optionsOf(params, given ?? {}), ...extra.options },
    weight: params.weight ?? 1,
    order: params.order,
    rpm: params.rpm,
    tpm: params.tpm,
    timeoutMs: timeout === undefined ? undefined : timeout * 1000,
    streamTimeoutMs: streamTimeout === undefined ? undefined : streamTimeout * 1000,
  };
  return { name, deployment };
}

/** Ollama's options of an entry: known ones as read, unknown ones as written. */
function optionsOf(
  params: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const options: Record<string, unknown> = {};
  if (params['max_tokens'] !== undefined) options['num_predict'] = params['max_tokens'];
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => !Object.hasOwn(LITELLM_PARAMS, name)));
  return { ...options, ...knownOptions(params, own) };
}

// LiteLLM treats a repeated entry as more weight, so both deployments stay and get distinct ids.
function withUniqueId(deployment: Deployment, group: readonly Deployment[]): Deployment {
  const { id, listed } = deployment;
  const twins = group.filter((other) => other.id === id || other.id.startsWith(`${id}#`)).length;
  if (twins === 0) return deployment;
  const unique = `${id}#${String(twins + 1)}`;
  return { ...deployment, id: unique, listed: listed.id === sha256(id) ? { ...listed, id: sha256(unique) } : listed };
}
