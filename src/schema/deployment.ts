import { isObject } from '../core/json.ts';
import { Secret } from '../core/secret.ts';
import type { Deployment } from './config-types.ts';
import type { DocumentPath } from './issue.ts';
import { AS_A_FIELD, readBodyFields } from './body-fields.ts';
import { readExtraBody } from './extra-body.ts';
import { refuseUnsendable } from './header-key.ts';
import { whole } from './kind.ts';
import { listedEntry } from './listed-entry.ts';
import { knownOptions, warnOfUnknownOption } from './options.ts';
import type { NamedModel } from './provider.ts';
import { readThinking } from './thinking.ts';
import { readSection, type IssueList, type UnknownKey } from './section.ts';
import { LITELLM_PARAMS, MODEL_INFO, isLitellmKey } from './sections/model-list.ts';
import { OLLAMA_OPTIONS } from './sections/ollama-options.ts';

/** The end of an address that LiteLLM takes for the whole path (llms/ollama, `get_complete_url`); `/api` alone cannot be meant either. */
const OLLAMA_PATH = /\/api(?:\/(?:chat|generate|embed))?\/?$/;

const ENTRY = { ...LITELLM_PARAMS, ...OLLAMA_OPTIONS };

/** Reads one entry of `model_list` as a deployment of an alias. `defaultUrl` is its URL if it has no `api_base`. */
export function readDeployment(
  name: string,
  entry: unknown,
  path: DocumentPath,
  target: NamedModel,
  defaultUrl: string | undefined,
  findings: IssueList,
): Deployment {
  const {
    litellm_params: written,
    model_info: info,
    rpm,
    tpm,
  }: Readonly<Record<string, unknown>> = isObject(entry) ? entry : {};
  const given = isObject(written) ? written : {};
  const at = [...path, 'litellm_params'];
  const params = readSection(ENTRY, given, at, findings, unknownOption(target.provider));
  const about = readSection(MODEL_INFO, info, [...path, 'model_info'], findings, () => undefined);
  const { mode } = about;
  const cooldown = about.cooldown_time ?? params.cooldown_time;
  const address = params.api_base ?? params.base_url ?? defaultUrl ?? '';
  const url = target.provider === 'ollama' ? address.replace(OLLAMA_PATH, '') : address;
  refuseUnsendable(params.api_key, [...at, 'api_key'], findings);
  if (target.provider === 'ollama' && /\/v1$/i.test(url))
    findings.warning(
      'config.api-base-of-v1',
      [...at, 'api_base'],
      `expected the address of an Ollama server, found one that ends in /v1: every request would be 404`,
      `remove /v1 from api_base, or write model: openai/${target.model}`,
    );
  const { timeout, stream_timeout: streamTimeout } = params;
  const isOllama = target.provider === 'ollama';
  const extra = readExtraBody(isOllama ? params.extra_body : undefined, [...at, 'extra_body'], findings);
  const writtenAddress = given['api_base'] ?? given['base_url'];
  // A response header shows it, and headers are ASCII.
  const shownUrl = typeof writtenAddress === 'string' && /^[\x21-\x7e]+$/.test(writtenAddress) ? writtenAddress : url;
  const id = `${name}@${url}#${target.model}`;
  return {
    ...(params.mock_response === undefined ? {} : { mockText: params.mock_response }),
    provider: target.provider,
    model: target.model,
    url,
    writtenUrl: shownUrl,
    id,
    listed: listedEntry(id, writtenAddress === undefined ? undefined : shownUrl, given, isObject(info) ? info : {}),
    mode: mode === 'completion' ? 'chat' : mode,
    apiKey: params.api_key === undefined ? undefined : new Secret(params.api_key),
    keepAlive: params.keep_alive ?? extra.keepAlive,
    options: { ...optionsOf(params, given), ...extra.options },
    fields: isOllama ? undefined : readBodyFields(given, params, at, findings),
    thinking: isOllama ? thinkingOf(params, extra.think, at, findings) : undefined,
    weight: params.weight,
    order: params.order,
    rpm: params.rpm ?? whole(0).read(rpm) ?? about.rpm,
    tpm: params.tpm ?? whole(0).read(tpm) ?? about.tpm,
    cooldownMs: cooldown === undefined ? undefined : cooldown * 1000,
    timeoutMs: timeout === undefined ? undefined : timeout * 1000,
    streamTimeoutMs: streamTimeout === undefined ? undefined : streamTimeout * 1000,
  };
}

function thinkingOf(
  { think, reasoning_effort: effort }: Readonly<Record<string, unknown>>,
  extra: unknown,
  at: DocumentPath,
  findings: IssueList,
): Deployment['thinking'] {
  const given = [
    { path: [...at, 'extra_body', 'think'], value: extra },
    { path: [...at, 'think'], value: think },
    { path: [...at, 'reasoning_effort'], value: effort },
  ];
  return readThinking(given, findings);
}

/** Ollama's options of an entry: known ones as read, unknown ones as written. */
function optionsOf(
  params: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const most = params['max_tokens'] ?? params['max_completion_tokens'];
  const limit = most === undefined ? {} : { num_predict: most };
  const own = Object.fromEntries(
    Object.entries(given).filter(([name]) => !Object.hasOwn(LITELLM_PARAMS, name) && !isLitellmKey(name)),
  );
  return { ...limit, ...knownOptions(params, own) };
}

function unknownOption(provider: Deployment['provider']): UnknownKey {
  return (path, name, known, findings) => {
    if (isLitellmKey(name)) findings.notHonoured(path, name);
    else if (provider === 'ollama') warnOfUnknownOption(path, name, known, findings);
    else findings.unknownKey(path, name, known, AS_A_FIELD);
  };
}
