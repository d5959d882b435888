import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { WireExchange } from '../../../src/gateway/upstream/wire-exchange.ts';

const CALL = { path: '', body: '', read: () => ({ push: () => {}, end: () => {} }), fail: () => assert.fail() };

/** Gives a response in chunks of a length, and counts the pauses of this turn. */
async function pausesOf(chunks: number, length: number): Promise<number> {
  const exchange = new WireExchange(
    CALL,
    0,
    { firstByteMs: 0, idleMs: 0, wholeMs: 0 },
    { onEvents: () => {} },
    () => {},
    () => () => {},
  );
  let pauses = 0;
  let resumes = 0;
  const controller = {
    pause: () => (pauses += 1),
    resume: () => (resumes += 1),
    abort: () => {},
  } as unknown as Dispatcher.DispatchController; // the parts that are used
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 200);
  for (let at = 0; at < chunks; at += 1) exchange.onResponseData(controller, Buffer.alloc(length));
  await turn();
  assert.equal(resumes, pauses);
  exchange.cancel();
  return pauses;
}

test('a response is read with pauses by its bytes, and in small chunks by their number', async () => {
  assert.equal(await pausesOf(3, 64 * 1024), 0);
  assert.equal(await pausesOf(5, 64 * 1024), 1);
  assert.equal(await pausesOf(1000, 1), 0);
  assert.ok((await pausesOf(20_000, 1)) >= 4);
});
