import type { Api, Target } from '../case.ts';
import { post } from './asking.ts';

type Json = Readonly<Record<string, unknown>>;

/** A part of a message: text, an image in the request, or the address of one. */
export type Part = { readonly text: string } | { readonly image: string } | { readonly address: string };

/** A function that a model may call. */
export interface Callable {
  readonly name: string;
  readonly schema: Json;
}

/** A call that a model made. */
export interface MadeCall {
  readonly name: string;
  readonly given: unknown;
}

/** One API of chats on the wire: how a request is written in it, and how an answer is read. */
export interface ChatApi {
  readonly api: Api;
  readonly path: string;
  /** Fields of a request with one user message. */
  readonly asks: (parts: readonly Part[], tokens: number) => Json;
  /** Fields of a conversation that goes on from a call whose arguments are `given`. */
  readonly continues: (given: unknown) => Json;
  readonly tools: (callables: readonly Callable[]) => Json;
  /** Fields that force a call; `undefined` if the API has none. */
  readonly forced: Json | undefined;
  readonly format: (schema: Json) => Json;
  readonly textIn: (answer: Json) => string;
  readonly callsIn: (answer: Json) => readonly MadeCall[];
}

const textOf = (parts: readonly Part[]): string => parts.map((part) => ('text' in part ? part.text : '')).join('\n');
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : []); // judged by the case
const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {}); // likewise

const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const CHAT_MESSAGE = (answer: Json): Json => objectOf(listOf(answer['choices'])[0]?.['message']);

const CHAT: ChatApi = {
  api: 'chat',
  path: '/v1/chat/completions',
  asks: (parts, max_tokens) => ({
    max_tokens,
    temperature: 0,
    messages: [
      {
        role: 'user',
        content: parts.map((part) =>
          'text' in part
            ? { type: 'text', text: part.text }
            : {
                type: 'image_url',
                image_url: { url: 'image' in part ? `data:image/png;base64,${part.image}` : part.address },
              },
        ),
      },
    ],
  }),
  continues: (given) => ({
    max_tokens: 8,
    messages: [
      { role: 'user', content: 'Go on.' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: given } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'done' },
    ],
  }),
  tools: (callables) => ({
    tools: callables.map(({ name, schema }) => ({ type: 'function', function: { name, parameters: schema } })),
  }),
  forced: { tool_choice: 'required' },
  format: (schema) => ({ response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } }),
  textIn: (answer) => stringOf(CHAT_MESSAGE(answer)['content']),
  callsIn: (answer) =>
    listOf(CHAT_MESSAGE(answer)['tool_calls']).map((call) => {
      const { name, arguments: given } = objectOf(call['function']);
      return { name: stringOf(name), given: JSON.parse(stringOf(given)) as unknown };
    }),
};

const RESPONSES: ChatApi = {
  api: 'responses',
  path: '/v1/responses',
  asks: (parts, tokens) => ({
    max_output_tokens: Math.max(16, tokens),
    temperature: 0,
    input: [
      {
        role: 'user',
        content: parts.map((part) =>
          'text' in part
            ? { type: 'input_text', text: part.text }
            : {
                type: 'input_image',
                image_url: 'image' in part ? `data:image/png;base64,${part.image}` : part.address,
              },
        ),
      },
    ],
  }),
  continues: (given) => ({
    max_output_tokens: 16,
    input: [
      { role: 'user', content: 'Go on.' },
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: given },
      { type: 'function_call_output', call_id: 'call_1', output: 'done' },
    ],
  }),
  tools: (callables) => ({
    tools: callables.map(({ name, schema }) => ({ type: 'function', name, parameters: schema })),
  }),
  forced: { tool_choice: 'required' },
  format: (schema) => ({ text: { format: { type: 'json_schema', name: 'answer', schema } } }),
  textIn: (answer) =>
    listOf(answer['output'])
      .flatMap((item) => listOf(item['content']))
      .map(({ text }) => stringOf(text))
      .join(''),
  callsIn: (answer) =>
    listOf(answer['output'])
      .filter(({ type }) => type === 'function_call')
      .map(({ name, arguments: given }) => ({ name: stringOf(name), given: JSON.parse(stringOf(given)) as unknown })),
};

const MESSAGES: ChatApi = {
  api: 'messages',
  path: '/v1/messages',
  asks: (parts, max_tokens) => ({
    max_tokens,
    temperature: 0,
    messages: [
      {
        role: 'user',
        content: parts.map((part) => {
          if ('text' in part) return { type: 'text', text: part.text };
          const source =
            'image' in part
              ? { type: 'base64', media_type: 'image/png', data: part.image }
              : { type: 'url', url: part.address };
          return { type: 'image', source };
        }),
      },
    ],
  }),
  continues: (given) => ({
    max_tokens: 8,
    messages: [
      { role: 'user', content: 'Go on.' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'f', input: given }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'done' }] },
    ],
  }),
  tools: (callables) => ({ tools: callables.map(({ name, schema }) => ({ name, input_schema: schema })) }),
  forced: { tool_choice: { type: 'any' } },
  format: (schema) => ({ output_config: { format: { type: 'json_schema', schema } } }),
  textIn: (answer) =>
    listOf(answer['content'])
      .map(({ text }) => stringOf(text))
      .join(''),
  callsIn: (answer) =>
    listOf(answer['content'])
      .filter(({ type }) => type === 'tool_use')
      .map(({ name, input }) => ({ name: stringOf(name), given: input })),
};

const OLLAMA: ChatApi = {
  api: 'ollama',
  path: '/api/chat',
  asks: (parts, num_predict) => ({
    stream: false,
    options: { num_predict, temperature: 0 },
    messages: [{ role: 'user', content: textOf(parts) }],
  }),
  continues: (given) => ({
    stream: false,
    options: { num_predict: 8 },
    messages: [
      { role: 'user', content: 'Go on.' },
      { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f', arguments: given } }] },
      { role: 'tool', tool_name: 'f', content: 'done' },
    ],
  }),
  tools: CHAT.tools,
  forced: undefined,
  format: (schema) => ({ format: schema }),
  textIn: (answer) => stringOf(objectOf(answer['message'])['content']),
  callsIn: (answer) =>
    listOf(objectOf(answer['message'])['tool_calls']).map((call) => {
      const { name, arguments: given } = objectOf(call['function']);
      return { name: stringOf(name), given };
    }),
};

/** The APIs whose messages hold text and images in any order. */
export const MIXED_CONTENT: readonly ChatApi[] = [CHAT, RESPONSES, MESSAGES];

/** Every API of chats. */
export const CHAT_APIS: readonly ChatApi[] = [...MIXED_CONTENT, OLLAMA];

/** Sends a request in one of them. */
export function askIn({ path }: ChatApi, target: Target, ...fields: readonly Json[]): Promise<Response> {
  return post(target, path, Object.assign({ model: target.model }, ...fields) as object, {
    'x-api-key': target.key,
    'anthropic-version': '2023-06-01',
  });
}

/** Whether a header of a response names a parameter or a keyword that had no effect. */
export function names(response: Response, word: string): boolean {
  return [...response.headers].some(([header, value]) => /ignored|unsupported/.test(header) && value.includes(word));
}
