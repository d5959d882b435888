import { heads } from './hostile-connections.ts';
import { CHAT, MESSAGES, MIB, one, times, type HostileRequest } from './hostile-request.ts';

const SEVEN_MIB = 7 * MIB;

/** Schemas, which are rewritten for a grammar and walked for keywords. */
function schemas(): readonly HostileRequest[] {
  const chat = (name: string, schema: string): HostileRequest =>
    one(
      name,
      CHAT,
      `{"model":"m",${MESSAGES},"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":${schema}}}}`,
    );
  const ref = (index: number): string => `{"$ref":"#/$defs/d${String(index)}"}`;
  const definitions = (count: number, itemOf: (index: number) => string): string =>
    `{"$defs":{${times(count, (index) => `"d${String(index)}":${itemOf(index)}`)}},"$ref":"#/$defs/d0"}`;
  return [
    chat(
      'a schema of 6,000 definitions, each in the next',
      definitions(6000, (index) => `{"type":"object","properties":{"n":${ref((index + 1) % 6000)}}}`),
    ),
    chat(
      'a schema that doubles with each of 40 definitions',
      definitions(40, (index) =>
        index === 39
          ? '{"type":"null"}'
          : `{"type":"object","properties":{"a":${ref(index + 1)},"b":${ref(index + 1)}}}`,
      ),
    ),
    chat(
      'a schema of 1,000 allOf with 30 properties each',
      `{"allOf":[${times(1000, (at) => `{"type":"object","properties":{${times(30, (index) => `"p${String(at)}_${String(index)}":{}`)}}}`)}]}`,
    ),
    chat(
      'a schema of 15,000 properties, and as many required names that it does not have',
      `{"type":"object","properties":{${times(15_000, (at) => `"p${String(at)}":{}`)}},"required":[${times(15_000, (at) => `"q${String(at)}"`)}]}`,
    ),
    chat('a schema with an enum of 130,000 texts', `{"enum":[${times(130_000, (at) => `"e${String(at)}"`)}]}`),
    chat('a schema with a pattern of 7 MiB', `{"type":"string","pattern":"^${'a{1}'.repeat(SEVEN_MIB / 4)}$"}`),
    chat('a schema with an enum of one text of 7 MiB', `{"enum":["${'x'.repeat(SEVEN_MIB)}"]}`),
    one(
      'a forced call of 1,800 tools with 5 properties each',
      CHAT,
      `{"model":"m",${MESSAGES},"tool_choice":"required","tools":[${times(1800, (at) => `{"type":"function","function":{"name":"f${String(at)}","parameters":{"type":"object","properties":{${times(5, (index) => `"p${String(index)}":{"type":"string"}`)}}}}}`)}]}`,
    ),
  ];
}

/** Conversations, whose turns are joined, matched by ids, or compared. */
function conversations(): readonly HostileRequest[] {
  const chat = (name: string, messages: string, more = ''): HostileRequest =>
    one(name, CHAT, `{"model":"m","messages":[${messages}]${more}}`);
  const user = (content: string): string => `{"role":"user","content":"${content}"}`;
  const called = (text: string): string =>
    `{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":${JSON.stringify(text)}}}]}`;
  return [
    chat('a million image tags', user('[img-1]'.repeat(1_000_000))),
    chat('7 MiB of the beginnings of image tags', user('[img-'.repeat(SEVEN_MIB / 5))),
    chat('call arguments of a million values', called(`{"a":[${'{},'.repeat(1_000_000)}{}]}`)),
    chat('call arguments of 99,000 keys', called(`{${times(99_000, (at) => `"k${String(at)}":{}`)}}`)),
    chat('call arguments of one text of 7 MiB', called(`{"a":"${'x'.repeat(SEVEN_MIB)}"}`)),
    chat('call arguments of a million brackets', called('['.repeat(1_000_000))),
    chat(
      '2,500 calls and their results',
      times(
        2500,
        (at) =>
          `{"role":"assistant","tool_calls":[{"id":"c${String(at)}","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c${String(at)}","content":"x"}`,
      ),
    ),
    chat(
      '9,000 system messages',
      times(9000, (at) => `{"role":"system","content":"${'y'.repeat(700)}${String(at)}"}`),
    ),
    chat('7 MiB of <think>', `{"role":"assistant","content":"${'<think>'.repeat(MIB)}"},${user('x')}`),
    chat('7 MiB of lone surrogates', user(String.raw`\ud800`.repeat(SEVEN_MIB / 6))),
    chat('7 MiB of control characters', user(String.raw`\u0001`.repeat(SEVEN_MIB / 6))),
    chat(
      'an image address of 7 MiB without a comma',
      `{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:${';'.repeat(SEVEN_MIB)}"}}]}`,
    ),
    chat(
      '9,900 images',
      `{"role":"user","content":[${times(9900, () => `{"type":"image_url","image_url":{"url":"data:image/png;base64,${'iVBORw0K'.repeat(80)}"}}`)}]}`,
    ),
    one(
      'messages: 2,500 tool uses and their results',
      '/v1/messages',
      `{"model":"m","max_tokens":9,"messages":[${times(2500, (at) => `{"role":"assistant","content":[{"type":"tool_use","id":"c${String(at)}","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c${String(at)}","content":"x"}]}`)}]}`,
    ),
    one(
      'messages: thinking of 7 MiB with a signature of a MiB',
      '/v1/messages',
      `{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"${'x'.repeat(SEVEN_MIB)}","signature":"${'A'.repeat(MIB)}"}]},{"role":"user","content":"x"}]}`,
    ),
    one(
      'messages: counting 7 MiB',
      '/v1/messages/count_tokens',
      `{"model":"m","messages":[{"role":"user","content":"${'x'.repeat(SEVEN_MIB)}"}]}`,
    ),
    one(
      'responses: instructions of 7 MiB, streamed',
      '/v1/responses',
      `{"model":"m","stream":true,"input":"x","instructions":"${'x'.repeat(SEVEN_MIB)}"}`,
    ),
    one(
      'responses: 5,000 tools, streamed',
      '/v1/responses',
      `{"model":"m","stream":true,"input":"x","tools":[${times(5000, (at) => `{"type":"function","name":"f${String(at)}","description":"${'y'.repeat(1200)}","parameters":{"type":"object"}}`)}]}`,
    ),
    one(
      'responses: 2,500 calls and their results',
      '/v1/responses',
      `{"model":"m","input":[${times(2500, (at) => `{"type":"function_call","call_id":"c${String(at)}","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c${String(at)}","output":"x"}`)}]}`,
    ),
  ];
}

/** Parameters of all kinds. */
function parameters(): readonly HostileRequest[] {
  const chat = (name: string, more: string): HostileRequest => one(name, CHAT, `{"model":"m",${MESSAGES},${more}}`);
  return [
    chat(
      'a seed beyond 2^53 beside 390,000 numbers',
      `"seed":9007199254740993,"metadata":{"a":[${'1,'.repeat(390_000)}1]}`,
    ),
    chat(
      'a seed beyond 2^53 beside 130,000 texts',
      `"seed":9007199254740993,"metadata":{"a":[${'"x",'.repeat(130_000)}1]}`,
    ),
    chat('a seed of 7 MiB of digits', `"seed":${'9'.repeat(SEVEN_MIB)}`),
    chat(
      '35,000 unknown parameters',
      times(35_000, (at) => `"u${String(at)}":1`),
    ),
    chat('one unknown parameter with a name of 7 MiB', `"${'u'.repeat(SEVEN_MIB)}":1`),
    chat('35,000 log biases', `"logit_bias":{${times(35_000, (at) => `"${String(at)}":1`)}}`),
    chat('1,000 stop sequences', `"stop":[${times(1000, (at) => `"stop${String(at)}"`)}]`),
    chat('a stop sequence of 7 MiB', `"stop":"${'x'.repeat(SEVEN_MIB)}"`),
    chat('8 choices beside a text of 7 MiB', `"n":8,"user":"${'x'.repeat(SEVEN_MIB)}"`),
    one('a model name of 7 MiB', CHAT, `{"model":"${'m/'.repeat(SEVEN_MIB / 2)}",${MESSAGES}}`),
    one('a model name of 7 MiB of colons', '/api/chat', `{"model":"${':'.repeat(SEVEN_MIB)}",${MESSAGES}}`),
    one(
      'completions: 128 prompts of 60 KB, echoed',
      '/v1/completions',
      `{"model":"m","echo":true,"prompt":[${times(128, () => `"${'x'.repeat(60_000)}"`)}]}`,
    ),
    one('completions: 390,000 tokens', '/v1/completions', `{"model":"m","prompt":[${'1,'.repeat(390_000)}1]}`),
    one(
      'generate: a context of 390,000 tokens',
      '/api/generate',
      `{"model":"m","prompt":"x","context":[${'1,'.repeat(390_000)}1]}`,
    ),
    one(
      'generate: a template of 7 MiB of actions',
      '/api/generate',
      `{"model":"m","prompt":"x","template":"${'{{.Prompt}}'.repeat(600_000)}"}`,
    ),
    one(
      'generate: a raw prompt of a million image tags',
      '/api/generate',
      `{"model":"m","prompt":"${'[img-1]'.repeat(1_000_000)}","system":"${'[img-1]'.repeat(100_000)}"}`,
    ),
    one(
      'generate: 35,000 options',
      '/api/generate',
      `{"model":"m","prompt":"x","options":{${times(35_000, (at) => `"o${String(at)}":1`)}}}`,
    ),
    one(
      'embed: 2,048 texts of 3,500 characters',
      '/api/embed',
      `{"model":"m","input":[${times(2048, () => `"${'y'.repeat(3500)}"`)}]}`,
    ),
    one('embeddings: 100,000 texts', '/v1/embeddings', `{"model":"m","input":[${times(100_000, () => '"y"')}]}`),
    one('embeddings: 390,000 tokens', '/v1/embeddings', `{"model":"m","input":[[${'1,'.repeat(390_000)}1]]}`),
  ];
}

/** A refusal of the server that quotes what its client wrote: 800 KB of the beginning of a text that the gateway looks for. */
function refusals(): readonly HostileRequest[] {
  return ['tokens when context ', 'think value ', 'maximum context ', 'a.', '::', 'https://a '].map((text) =>
    one(
      `a refusal with 800 KB of "${text.trim()}"`,
      CHAT,
      `{"model":"m","messages":[{"role":"user","content":"REFUSE ${text.repeat(800_000 / text.length)}"}]}`,
    ),
  );
}

/** Hostile requests of at most 8 MiB of every kind, beyond the large bodies. */
export function hostileRequests(): readonly HostileRequest[] {
  return [...schemas(), ...conversations(), ...parameters(), ...refusals(), ...heads()];
}
