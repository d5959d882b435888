import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApiGenerate } from '../../../src/gateway/api/ollama/parsed-request.ts';
import { readChat } from '../../../src/gateway/api/openai/parsed-request.ts';
import { longestWaitMs, workOf } from '../../../src/gateway/proxy/request-work.ts';
import type { Work } from '../../../src/gateway/route/work.ts';

const CALLER = { key: 'k', user: undefined, batch: false };

function workOfBody(body: object): Work {
  const bytes = Buffer.from(JSON.stringify({ model: 'm', ...body }));
  const parsed = readChat(bytes, 0, undefined);
  assert.ok(parsed.ok);
  const [first] = parsed.value.subrequests;
  assert.ok(first !== undefined);
  return workOf({ bodyBytes: bytes.length }, first.request, CALLER);
}

const user = (content: string): object => ({ role: 'user', content });
const assistant = (content: string): object => ({ role: 'assistant', content });

test('a batch waits for 240 s at least, and a person as long as the configuration says', () => {
  const waits = (mostWaitMs: number): readonly number[] =>
    [false, true].map((batch) => longestWaitMs({ mostWaitMs }, { ...workOfBody({ messages: [user('hi')] }), batch }));
  assert.deepEqual(waits(60_000), [60_000, 240_000]);
  assert.deepEqual(waits(300_000), [300_000, 300_000]);
  assert.deepEqual(waits(0), [Infinity, Infinity]);
});

test('a longer conversation has the links of the shorter one, and another one has none of them', () => {
  const first = workOfBody({ messages: [user('Hello'), assistant('Hi'), user('How are you?')] });
  const second = workOfBody({
    messages: [user('Hello'), assistant('Hi'), user('How are you?'), assistant('Fine'), user('And now?')],
  });
  const other = workOfBody({ messages: [user('Hello!'), assistant('Hi'), user('How are you?')] });
  assert.deepEqual(second.prefix.slice(0, 3), first.prefix);
  assert.ok(first.prefix.every(({ hash }, index) => hash !== other.prefix[index]?.hash));
  assert.ok(second.promptTokens > first.promptTokens);
});

test('roles, tools and calls make another prompt; no link holds content', () => {
  const plain = workOfBody({ messages: [user('secret words')] });
  const system = workOfBody({ messages: [{ role: 'system', content: 'secret words' }] });
  const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }];
  const tooled = workOfBody({ messages: [user('secret words')], tools });
  const hashes = [plain, system, tooled].map(({ prefix }) => prefix[0]?.hash);
  assert.equal(new Set(hashes).size, 3);
  assert.ok(tooled.promptTokens > plain.promptTokens, 'definitions of tools count');
  assert.ok(!JSON.stringify([plain, system, tooled]).includes('secret'));
});

test('the limit of a response is known, and images do not count as text', () => {
  const image = `data:image/png;base64,${'A'.repeat(40_000)}`;
  const seen = workOfBody({
    max_tokens: 7,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look' },
          { type: 'image_url', image_url: { url: image } },
        ],
      },
    ],
  });
  assert.equal(seen.maxTokens, 7);
  assert.ok(seen.promptTokens < 100, String(seen.promptTokens));
});

test('of the texts deep in a long conversation the ends are read, and a longer conversation keeps its links', () => {
  const long = Array.from({ length: 400 }, (_, at) => user(`${String(at)} ${'x'.repeat(1000)}`));
  const late = (text: string): Work => workOfBody({ messages: [...long, user(text)] });
  const [head, tail] = ['a'.repeat(200), 'z'.repeat(200)];
  const hashOfLast = ({ prefix }: Work): number | undefined => prefix.at(-1)?.hash;
  const first = late(`${head}1${tail}`);
  assert.equal(hashOfLast(first), hashOfLast(late(`${head}2${tail}`)), 'the middle is not read');
  const others = [`b${head}${tail}`, `${head}${tail}b`, `${head}11${tail}`].map((text) => hashOfLast(late(text)));
  assert.equal(new Set([hashOfLast(first), ...others]).size, 4, 'ends and lengths are');
  const early = [`${head}1${tail}`, `${head}2${tail}`].map((text) =>
    hashOfLast(workOfBody({ messages: [user(text)] })),
  );
  assert.notEqual(early[0], early[1], 'an early text is read as a whole');
  const longer = workOfBody({ messages: [...long, user(`${head}1${tail}`), assistant('Hi'), user('And now?')] });
  assert.deepEqual(longer.prefix.slice(0, first.prefix.length), first.prefix);
});

function workOfGenerate(body: object): Work {
  const bytes = Buffer.from(JSON.stringify({ model: 'm', prompt: 'And now?', ...body }));
  const parsed = readApiGenerate(bytes);
  assert.ok(parsed.ok);
  const [first] = parsed.value.subrequests;
  assert.ok(first !== undefined);
  return workOf({ bodyBytes: bytes.length }, first.request, CALLER);
}

test('all that a prompt to continue has before it counts, and makes another prompt', () => {
  const bodies = [{}, { system: 's'.repeat(4000) }, { context: Array.from({ length: 1000 }, (_, at) => at) }];
  const works = bodies.map(workOfGenerate);
  assert.deepEqual(
    works.map(({ promptTokens }) => promptTokens),
    [2, 1002, 1002],
  );
  assert.equal(new Set(works.map(({ prefix }) => prefix[0]?.hash)).size, 3);
});

test('the first token comes when the prompt is read, if all of it is counted and its time is known', () => {
  const call = { id: 'c', type: 'function', function: { name: 'write', arguments: JSON.stringify({ text: 'x' }) } };
  const result = { role: 'tool', tool_call_id: 'c', content: 'done' };
  const called = [user('Write'), { role: 'assistant', content: null, tool_calls: [call] }, result];
  assert.equal(workOfBody({ messages: [user('hi')] }).startsWhenRead, true);
  assert.equal(workOfBody({ messages: [...called, user('Sum up')] }).startsWhenRead, false);
  assert.equal(workOfGenerate({}).startsWhenRead, true);
  assert.equal(workOfGenerate({ images: ['iVBORw0KGgo='] }).startsWhenRead, false);
});
