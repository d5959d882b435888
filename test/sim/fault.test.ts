import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startSim, type Fault, type Sim } from '../../src/sim/server.ts';
import { ask, eventsOf, linesOf, read } from '../ollama/asking.ts';
import { until } from '../ollama/case.ts';

const NATIVE = { model: 'm', messages: [{ role: 'user', content: 'x' }] };
const OPENAI = { ...NATIVE, stream: true };
const DIED = /^model runner has unexpectedly stopped/;

let sim: Sim;
before(async () => {
  sim = await startSim({ models: [{ name: 'm', answerTokens: 6 }], numParallel: 2, loadMs: 1, tokenMs: 1 });
});
beforeEach(() => sim.faults.clear());
after(() => sim.close());

async function chat(
  fault: Fault,
  body: object = NATIVE,
  path = '/api/chat',
): Promise<{ readonly status: number; readonly text: string }> {
  sim.faults.add(fault);
  return ask(sim, 'POST', path, body);
}

describe('faults on demand', () => {
  test('an error is a status with its text, native and on /v1, and strikes once', async () => {
    const native = await chat({ kind: 'error', status: 503, message: 'busy' });
    assert.deepEqual([native.status, native.text], [503, '{"error":"busy"}']);
    const openai = await chat({ kind: 'error' }, OPENAI, '/v1/chat/completions');
    assert.equal(openai.status, 500);
    assert.match(openai.text, /"message":"simulated failure","type":"api_error"/);
    assert.equal((await ask(sim, 'POST', '/api/chat', NATIVE)).status, 200);
  });

  test('a runner that dies in the middle ends a native stream with an error line', async () => {
    const { text } = await chat({ kind: 'die', after: 3 });
    const lines = linesOf(text);
    assert.equal(lines.length, 4);
    assert.deepEqual(lines.at(-1), { error: 'an error was encountered while running the model: unexpected EOF' });
  });

  test('on /v1 it ends with an empty chunk of no model, without a reason or [DONE]', async () => {
    const { text } = await chat({ kind: 'die', after: 2 }, OPENAI, '/v1/chat/completions');
    const { events, done } = eventsOf(text);
    assert.ok(!done);
    assert.equal(events.length, 3);
    assert.match(
      JSON.stringify(events.at(-1)),
      /"model":"",.*"choices":\[\{"index":0,"delta":\{"role":"assistant","content":""\},"finish_reason":null\}\]/,
    );
  });

  test('a runner that dies before its first token is a 500, ends the other answers too, and the next request loads it again', async () => {
    const other = read(sim, '/api/chat', {
      ...NATIVE,
      messages: [{ role: 'user', content: `Repeat after me: ${'on and on '.repeat(900)}` }],
    });
    await other.begun;
    const { status, text } = await chat({ kind: 'die' });
    assert.equal(status, 500);
    assert.match((JSON.parse(text) as { error: string }).error, DIED);
    assert.match(linesOf(await other.ended).at(-1)?.['error'] as string, /unexpected EOF$/);
    assert.equal((await ask(sim, 'POST', '/api/chat', NATIVE)).status, 200);
  });

  test('a cut and a reset end the connection, before the first byte or in the middle', async () => {
    for (const kind of ['cut', 'reset'] as const) {
      await assert.rejects(chat({ kind }), /socket hang up|ECONNRESET/);
      sim.faults.add({ kind, after: 2 });
      const broken = read(sim, '/api/chat', NATIVE);
      const text = await broken.ended;
      assert.ok(!text.includes('"done":true'), text);
    }
  });

  test('a stall holds the answer for its time, or until the client leaves', async () => {
    const startedMs = performance.now();
    await chat({ kind: 'stall', after: 1, ms: 120 });
    assert.ok(performance.now() - startedMs >= 115);
    sim.faults.add({ kind: 'stall', after: 1 });
    const stalled = read(sim, '/api/chat', NATIVE);
    await stalled.begun;
    assert.equal(sim.activity().busy, 1);
    stalled.leave();
    await until('the slot is free', () => sim.activity().busy === 0);
  });

  test('garbage is a chunk that is not JSON, and the answer goes on', async () => {
    const { text } = await chat({ kind: 'garbage', after: 1 });
    assert.match(text, /\n<html>502 Bad Gateway<\/html>\n/);
    assert.match(text, /"done":true/);
  });

  test('a model that repeats itself ends without done, in a stream and whole', async () => {
    const stream = linesOf((await chat({ kind: 'repeat', after: 3 })).text);
    assert.deepEqual(
      stream.map((line) => line['done']),
      [false, false, false],
    );
    const whole = linesOf((await chat({ kind: 'repeat', after: 3 }, { ...NATIVE, stream: false })).text);
    assert.equal(whole[0]?.['done'], false);
    assert.ok(!('eval_count' in (whole[0] ?? {})));
  });

  test('a slow load is slow once', async () => {
    await ask(sim, 'POST', '/api/generate', { model: 'm', keep_alive: 0 });
    const startedMs = performance.now();
    await chat({ kind: 'slow-load', ms: 150 });
    assert.ok(performance.now() - startedMs >= 145);
  });

  test('a load that fails leaves the memory without the model, and the next one succeeds', async () => {
    await ask(sim, 'POST', '/api/generate', { model: 'm', keep_alive: 0 });
    const failed = await chat({ kind: 'failed-load', message: 'too large' });
    assert.deepEqual([failed.status, failed.text], [500, '{"error":"too large"}']);
    assert.deepEqual(JSON.parse((await ask(sim, 'GET', '/api/ps')).text), { models: [] });
    assert.equal((await ask(sim, 'POST', '/api/chat', NATIVE)).status, 200);
  });

  test('a fault waits for its path, its model and its turn', async () => {
    sim.faults.add({ kind: 'error', path: '/api/version', times: 0 });
    sim.faults.add({ kind: 'error', model: 'other:latest' });
    assert.equal((await ask(sim, 'POST', '/api/chat', NATIVE)).status, 200);
    for (let times = 0; times < 2; times += 1) assert.equal((await ask(sim, 'GET', '/api/version')).status, 500);
    assert.equal(sim.faults.list().length, 2);
  });

  test('faults are set over HTTP, and wrong ones are answered with the reason', async () => {
    const told = await ask(sim, 'POST', '/sim/faults', { kind: 'error', times: 2, message: 'so' });
    assert.equal(told.text, '{"faults":[{"kind":"error","message":"so","times":2}]}');
    assert.equal((await ask(sim, 'POST', '/api/chat', NATIVE)).text, '{"error":"so"}');
    assert.equal((await ask(sim, 'DELETE', '/sim/faults')).text, '{"faults":[]}');
    for (const [body, error] of [
      [{ kind: 'wat' }, /^kind: expected one of error, /],
      [{ kind: 'die', after: 'x' }, /^after: expected a number, found "x"/],
      [{ kind: 'die', afer: 1 }, /^afer: unknown field/],
      [[], /^expected an object/],
    ] as const) {
      const refused = await ask(sim, 'POST', '/sim/faults', body);
      assert.equal(refused.status, 400);
      assert.match((JSON.parse(refused.text) as { error: string }).error, error);
    }
  });
});
