import OpenAI from 'openai';

/** A server that claims to speak OpenAI, and what to ask it with. */
export interface Target {
  /** With `/v1`. */
  readonly url: string;
  readonly key: string;
  /** A model that chats. */
  readonly chat: string;
  /** One that calls `get_weather` when it is asked for the weather. */
  readonly tools: string | undefined;
  readonly embed: string | undefined;
}

/** One thing that such a server has to do. */
export interface Case {
  readonly name: string;
  /** What the target must have for it. */
  readonly needs?: 'tools' | 'embed';
  readonly check: (target: Target) => Promise<void>;
}

interface Init extends RequestInit {
  readonly headers?: Readonly<Record<string, string>>;
}

/** What every case chats about; few tokens, so that a slow server is not kept for long. */
export const HI = { messages: [{ role: 'user' as const, content: 'Say something.' }], max_tokens: 8, temperature: 0 };

/** The SDK, which must not hide anything by trying again. */
export function sdk({ url, key }: Target): OpenAI {
  return new OpenAI({ baseURL: url, apiKey: key, maxRetries: 0, timeout: 30_000 });
}

/** Asks on the wire, with the key. */
export function ask({ url, key }: Target, path: string, init: Init = {}): Promise<Response> {
  return fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });
}

/** Posts JSON with the key. */
export function post(target: Target, path: string, body: object | string): Promise<Response> {
  return ask(target, path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

/** The target that the environment names; `undefined` where it names none. */
export function targetOfEnvironment(environment: Readonly<Record<string, string | undefined>>): Target | undefined {
  const { HXLLM_CONFORMANCE_URL: url, HXLLM_CONFORMANCE_KEY: key, HXLLM_CONFORMANCE_CHAT: chat, HXLLM_CONFORMANCE_TOOLS: tools, HXLLM_CONFORMANCE_EMBED: embed } = environment;
  return url === undefined ? undefined : { url: url.replace(/\/+$/, ''), key: key ?? '', chat: chat ?? 'phi3-3.8b', tools, embed };
}
