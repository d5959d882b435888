import type { ParsedRequest, RequestControl, ParseResult } from '../../client-dialect.ts';
import { isObject, type Json } from '../../json.ts';
import type { FailureOr } from '../../exchange.ts';
import { Body, readBytes } from './body.ts';

/** Parameters that LiteLLM's proxy takes and that change nothing here: they are about its log, its cache and its own checks. */
const WITHOUT_EFFECT = `tags cache caching ttl no-log drop_params additional_drop_params allowed_openai_params
  litellm_metadata litellm_session_id litellm_trace_id litellm_call_id`.split(/\s+/);

const CONTROL: ReadonlySet<string> = new Set([
  ...WITHOUT_EFFECT,
  ...`extra_body fallbacks context_window_fallbacks content_policy_fallbacks disable_fallbacks num_retries max_retries timeout
  request_timeout stream_timeout mock_response custom_llm_provider`.split(/\s+/),
]);

/** Most retries that a request may ask for, and its longest time-out, s. */
const MAX_RETRIES = 100;
const MAX_TIMEOUT_S = 86_400;

/** Providers by which LiteLLM's clients name an Ollama server. */
const OLLAMA_PROVIDERS: ReadonlySet<string> = new Set(['ollama', 'ollama_chat']);

/** The parts of an endpoint that decide about LiteLLM's parameters. */
export interface ControlledEndpoint {
  /** From the path; it counts before the body's, as in LiteLLM. */
  readonly model?: string | undefined;
  /** The response is text, which `mock_response` can replace. */
  readonly hasText: boolean;
}

/** Parses a body, takes LiteLLM's parameters out, and reads the rest. */
export function readControlled(
  bytes: Buffer,
  { model, hasText }: ControlledEndpoint,
  read: (body: Body) => FailureOr<ParsedRequest>,
): ParseResult {
  const result = readBytes(bytes, (given) => {
    const { body, control } = splitControl(model === undefined ? given : new Body({ ...given.json, model }), hasText);
    const parsed = read(body);
    const all = withCaller(given.json, control);
    return parsed.ok && all !== undefined ? { ok: true, value: { ...parsed.value, control: all } } : parsed;
  });
  const failure = result.ok ? result.value.translationFailure : undefined;
  return result.ok && failure !== undefined ? { ok: false, failure, passed: result.value } : result;
}

/** Adds the caller that a body names, in any of the APIs. */
function withCaller({ user, metadata }: Json, control: RequestControl | undefined): RequestControl | undefined {
  const { class: kind, user_id: id } = isObject(metadata) ? metadata : {};
  const name = typeof user === 'string' ? user : id;
  if ((typeof name !== 'string' || name === '') && kind !== 'batch') return control;
  return {
    ...control,
    ...(typeof name === 'string' && name !== '' ? { user: name } : {}),
    ...(kind === 'batch' ? { batch: true } : {}),
  };
}

/** The fields of `extra_body` become the body's own, unless it has them: LiteLLM's clients send them either way. */
function splitControl(body: Body, hasText: boolean): { readonly body: Body; readonly control?: RequestControl } {
  let isControlled = false;
  for (const name in body.json) isControlled ||= CONTROL.has(name);
  if (!isControlled) return { body };
  const merged: Json = { ...body.object('extra_body'), ...body.json };
  const rest = Object.entries(merged).filter(([name]) => !CONTROL.has(name) || isUnmet(name, merged, hasText));
  return { body: new Body(Object.fromEntries(rest)), control: readControl(new Body(merged), hasText) };
}

/** A parameter that stays in the body, to be named as ignored. */
function isUnmet(name: string, { custom_llm_provider: provider }: Json, hasText: boolean): boolean {
  if (name === 'mock_response') return !hasText;
  return name === 'custom_llm_provider' && typeof provider === 'string' && !OLLAMA_PROVIDERS.has(provider);
}

function readControl(body: Body, hasText: boolean): RequestControl {
  const fallbacks = readFallbacks(body, 'fallbacks');
  const contextFallbacks = readFallbacks(body, 'context_window_fallbacks');
  const retries = body.whole('num_retries', 0, MAX_RETRIES) ?? body.whole('max_retries', 0, MAX_RETRIES);
  const seconds = ['timeout', 'request_timeout', 'stream_timeout'].map((name) => body.number(name, 0, MAX_TIMEOUT_S));
  const timeout = seconds.find((value) => value !== undefined);
  const mockText = hasText ? body.text('mock_response') : undefined;
  const provider = body.text('custom_llm_provider');
  return {
    ...(fallbacks === undefined ? {} : { fallbacks }),
    ...(contextFallbacks === undefined ? {} : { contextFallbacks }),
    ...(body.flag('disable_fallbacks') === true ? { disablesFallbacks: true } : {}),
    ...(retries === undefined ? {} : { retries }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(mockText === undefined ? {} : { mockText }),
    ...(provider === undefined ? {} : { provider }),
  };
}

function readFallbacks(body: Body, name: string): readonly unknown[] | undefined {
  const given = body.list(name);
  if (given?.every((item) => typeof item === 'string' || isObject(item)) === false)
    body.refuse(
      name,
      `Invalid '${name}': expected a list of model names, or of mappings from a model name to such a list.`,
    );
  return given;
}
