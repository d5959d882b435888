import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEventStream } from '../../../src/phases/smoke/event-stream.ts';
import { startFake } from './fake-server.ts';
import { FOREIGN, smokeAt, type Smoked } from './smoking.ts';

/** Runs smoke against a gateway with a changed stream. */
async function withStream(change: (body: string) => string, foreign = false): Promise<Smoked> {
  await using server = await startFake({
    models: ['phi3-3.8b'],
    backends: [],
    bend: (seen, answer) => (seen.body['stream'] === true ? { ...answer, body: change(answer.body) } : answer),
  });
  return await smokeAt(server.url, foreign ? FOREIGN : {});
}

test('a stream is read as the SDKs read it: comments skipped, [DONE] last', () => {
  const stream = readEventStream(': hello\n\ndata: {"a":1}\n\ndata:{"a":2}\r\n\r\ndata: [DONE]\n\n');
  assert.deepEqual(stream, { chunks: [{ a: 1 }, { a: 2 }], blocks: [1, 2], done: true, fault: undefined });
});

test('a violation that a strict client fails on is a fault', () => {
  const faults = [
    'data: {"a":1}\n',
    'event: x\ndata: {}\n\n',
    'data: {"a":\n\n',
    'hello\n\n',
    'data: [DONE]\n\ndata: {}\n\n',
    '{"a":1}\n\n',
  ];
  for (const text of faults) assert.notEqual(readEventStream(text).fault, undefined, text);
});

test('a stream without [DONE] fails with the server’s message', async () => {
  const { result } = await withStream((body) =>
    body.replace('data: [DONE]', 'data: {"error":{"message":"the backend died"}}'),
  );
  assert.match(result('stream.framed').seen, /^\d+ events without it; it says: the backend died$/);
  assert.equal(result('stream.tells-one-answer').outcome, 'skip');
});

test('a first delta without the role fails', async () => {
  const { result } = await withStream((body) => body.replace('"role":"assistant",', ''));
  assert.match(result('stream.tells-one-answer').seen, /without the role/);
});

test('chunks with two ids, two endings or no text fail', async () => {
  const changes: readonly ((body: string) => string)[] = [
    (body) => body.replace('chatcmpl-2', 'chatcmpl-3'),
    (body) => body.replace('"finish_reason":null', '"finish_reason":"stop"'),
    (body) => body.replaceAll(/"content":"[^"]*"/g, '"content":""'),
  ];
  for (const change of changes)
    assert.equal((await withStream(change)).result('stream.tells-one-answer').outcome, 'fail', String(change));
});

test('missing usage fails hxllm’s gateway, but not another server', async () => {
  const without = (body: string): string => body.replaceAll(/data: [^\n]*"choices":\[\][^\n]*\n\n/g, '');
  assert.equal((await withStream(without)).result('stream.counts-usage').outcome, 'fail');
  assert.equal((await withStream(without, true)).result('stream.counts-usage').outcome, 'not-applicable');
});

test('usage that does not add up fails', async () => {
  const { result } = await withStream((body) => body.replace(/"total_tokens":\d+/, '"total_tokens":12'));
  assert.match(result('stream.counts-usage').seen, /does not add up/);
});

test('JSON instead of a stream fails by its content type', async () => {
  await using server = await startFake({
    models: ['phi3-3.8b'],
    backends: [],
    bend: (seen, answer) =>
      seen.body['stream'] === true ? { ...answer, headers: { 'content-type': 'application/json' } } : answer,
  });
  assert.equal((await smokeAt(server.url)).result('stream.framed').seen, 'application/json');
});
