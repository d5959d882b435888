import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startGateway, type Running } from '../gateway/running.ts';
import { startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();
const SEEDS = 12;

type Json = Readonly<Record<string, unknown>>;

/** The text of an answer, and the arguments of its first call. */
interface Said {
  readonly text: string;
  readonly call: string | undefined;
}

const SAYS = [{ role: 'user', content: 'hi' }];
const PARAMETERS = {
  type: 'object',
  properties: { city: { enum: ['Paris', 'Rome'] } },
  required: ['city'],
  additionalProperties: false,
};
// An answer may have the name of the tool in it: Ollama takes it for a call then.
const ANSWER = {
  type: 'object',
  properties: { topic: { enum: ['weather', 'sports'] }, done: { type: 'boolean' } },
  required: ['topic', 'done'],
  additionalProperties: false,
};
const FUNCTION = { name: 'weather', parameters: PARAMETERS };

const eventsIn = (text: string): readonly Json[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as Json);
const listIn = (json: Json | undefined, name: string): readonly Json[] => (json?.[name] ?? []) as readonly Json[];
const objectIn = (json: Json | undefined, name: string): Json => (json?.[name] ?? {}) as Json;
const joined = (texts: readonly unknown[]): string =>
  texts.map((text) => (typeof text === 'string' ? text : '')).join('');

/** The text and the call of a chat completion; `part` is `message` or `delta`. */
function saidByChoices(parts: readonly Json[], part: string): Said {
  const said = parts.flatMap((json) => listIn(json, 'choices').map((choice) => objectIn(choice, part)));
  const calls = said.flatMap((one) => listIn(one, 'tool_calls').map((call) => objectIn(call, 'function')));
  return {
    text: joined(said.map(({ content }) => content)),
    call: calls.length === 0 ? undefined : joined(calls.map((call) => call['arguments'])),
  };
}

function saidByResponse(response: Json): Said {
  const output = listIn(response, 'output');
  const texts = output.flatMap((item) => listIn(item, 'content').map(({ text }) => text));
  const call = output.find(({ type }) => type === 'function_call');
  return { text: joined(texts), call: call === undefined ? undefined : joined([call['arguments']]) };
}

function saidByMessage(message: Json): Said {
  const content = listIn(message, 'content');
  const call = content.find(({ type }) => type === 'tool_use');
  return { text: joined(content.map(({ text }) => text)), call: call && JSON.stringify(call['input']) };
}

function saidByMessageEvents(events: readonly Json[]): Said {
  const deltas = events.map((event) => objectIn(event, 'delta'));
  const isCall = events.some((event) => objectIn(event, 'content_block')['type'] === 'tool_use');
  return {
    text: joined(deltas.map(({ text }) => text)),
    call: isCall ? joined(deltas.map((delta) => delta['partial_json'])) : undefined,
  };
}

function saidByLines(lines: readonly Json[]): Said {
  const said = lines.map((line) => objectIn(line, 'message'));
  const [call] = said.flatMap((one) => listIn(one, 'tool_calls').map((each) => objectIn(each, 'function')));
  return { text: joined(said.map(({ content }) => content)), call: call && JSON.stringify(call['arguments']) };
}

interface Dialect {
  readonly path: string;
  readonly body: (seed: number) => Json;
  readonly read: (text: string, stream: boolean) => Said;
}

const DIALECTS: readonly Dialect[] = [
  {
    path: '/v1/chat/completions',
    body: (seed) => ({
      messages: SAYS,
      max_tokens: 200,
      seed,
      tools: [{ type: 'function', function: FUNCTION }],
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema: ANSWER } },
    }),
    read: (text, stream) =>
      stream ? saidByChoices(eventsIn(text), 'delta') : saidByChoices([JSON.parse(text) as Json], 'message'),
  },
  {
    path: '/v1/responses',
    body: (seed) => ({
      input: 'hi',
      max_output_tokens: 200,
      seed,
      tools: [{ type: 'function', strict: false, ...FUNCTION }],
      text: { format: { type: 'json_schema', name: 'a', schema: ANSWER } },
    }),
    read: (text, stream) =>
      saidByResponse(stream ? objectIn(eventsIn(text).at(-1), 'response') : (JSON.parse(text) as Json)),
  },
  {
    path: '/v1/messages',
    body: () => ({
      messages: SAYS,
      max_tokens: 200,
      tools: [{ name: 'weather', input_schema: PARAMETERS }],
      output_config: { format: { type: 'json_schema', schema: ANSWER } },
    }),
    read: (text, stream) => (stream ? saidByMessageEvents(eventsIn(text)) : saidByMessage(JSON.parse(text) as Json)),
  },
  {
    path: '/api/chat',
    body: (seed) => ({
      messages: SAYS,
      options: { seed, num_predict: 200 },
      tools: [{ type: 'function', function: FUNCTION }],
      format: ANSWER,
    }),
    read: (text) =>
      saidByLines(
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Json),
      ),
  },
];

describe('tools and a response format on a real server', () => {
  let server: RealServer;
  let gateway: Running;
  if (skip === false) {
    before(async () => {
      server = await startRealOllama();
      gateway = await startGateway([], {
        model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/tiny', api_base: server.url } }],
      });
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await server.close();
    });
  }

  for (const { path, body, read } of DIALECTS)
    for (const stream of [false, true])
      test(
        `${path}, ${stream ? 'streamed' : 'whole'}: each response is a valid call or a valid answer`,
        { skip },
        async () => {
          let calls = 0;
          for (let seed = 0; seed < SEEDS; seed += 1) {
            const request = JSON.stringify({ model: 'm', stream, ...body(seed) });
            const response = await gateway.ask(path, { method: 'POST', body: request });
            const text = await response.text();
            assert.equal(response.status, 200, text);
            const said = read(text, stream);
            const json = JSON.parse(said.call ?? said.text) as Json;
            if (said.call === undefined) {
              // Ollama sorts the keys of an answer that it took for a call.
              assert.deepEqual(Object.keys(json).toSorted(), ['done', 'topic'], text);
              assert.equal(typeof json['done'], 'boolean');
            } else {
              calls += 1;
              assert.deepEqual([Object.keys(json), said.text], [['city'], ''], text);
            }
          }
          // Messages have no seed: its responses differ from run to run.
          assert.ok(
            calls > 0 && (calls < SEEDS || path === '/v1/messages'),
            `${String(calls)} of ${String(SEEDS)} are calls`,
          );
        },
      );

  for (const [title, required] of [
    ['optional', []],
    ['required', Array.from({ length: 300 }, (_, at) => `property_${String(at)}`)],
  ] as const)
    test(`a schema of 300 ${title} properties does not end the runner`, { skip }, async () => {
      const properties = Object.fromEntries(
        Array.from({ length: 300 }, (_, at) => [`property_${String(at)}`, { type: 'string' }]),
      );
      const schema = { type: 'object', properties, required, additionalProperties: false };
      for (const stream of [false, true]) {
        const response = await gateway.chat({
          max_tokens: 20,
          stream,
          response_format: { type: 'json_schema', json_schema: { name: 'a', schema } },
        });
        const text = await response.text();
        assert.deepEqual([response.status, response.headers.get('x-hxllm-ignored-params')], [200, null], text);
        assert.match(text, /"finish_reason":"(?:length|stop)"/);
      }
      assert.equal((await gateway.chat({ max_tokens: 4 })).status, 200);
      assert.doesNotMatch(server.log(), /unexpectedly stopped|panic:|SIGABRT|SIGSEGV/);
    });
});
