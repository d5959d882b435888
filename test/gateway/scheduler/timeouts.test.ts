import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersShortly, stalls, startFake } from '../fake-upstream.ts';
import { errorOf, startGateway, until, untilListed } from '../running.ts';
import { startSims } from './queue-stage.ts';

test('stream_timeout, timeout and first_byte of the answer do not limit loads', async () => {
  await using servers = await startSims(1, { loadMs: 1500, models: ['m', 'n', 'o'].map((name) => ({ name })) });
  const [sim] = servers.sims;
  const entry = (name: string, params: object = {}): object => ({
    model_name: name,
    litellm_params: { model: `ollama_chat/${name}`, api_base: sim?.url, ...params },
  });
  await using gateway = await startGateway([], {
    model_list: [entry('m'), entry('n'), entry('o', { stream_timeout: 0.5 })],
    router_settings: { stream_timeout: 1 },
    hxllm: { timeouts: { first_byte: 0.5 } },
  });
  for (const [model, stream] of [
    ['m', false],
    ['n', true],
    ['o', true],
  ] as const) {
    const response = await gateway.chat({ model, stream });
    const text = await response.text();
    assert.deepEqual([response.status, text.includes('"error"')], [200, false], `${model}: ${text}`);
  }
});

test('stream_timeout begins when a server has the request, and limits no answer in one piece', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], {
    router_settings: { stream_timeout: 0.6 },
    hxllm: { backends: { [fake.url]: { num_parallel: 1 } } },
  });
  await untilListed(gateway);
  const held: (() => void)[] = [];
  fake.behave((got, outgoing) => void held.push(() => void answersShortly('fine')(got, outgoing)));
  const whole = gateway.chat();
  await until('the server has the answer in one piece', () => held.length === 1);
  const stream = gateway.chat({ stream: true });
  await until('the stream waits', () => gateway.service().scheduler.waiting === 1);
  // Longer than the limit: the queue does not count, nor does it limit the other answer.
  await new Promise((resolve) => setTimeout(resolve, 900));
  held.shift()?.();
  assert.equal((await whole).status, 200);
  await until('the server has the stream', () => held.length === 1);
  held.shift()?.();
  assert.equal((await stream).status, 200);
  fake.behave(stalls());
  const late = await gateway.chat({ stream: true });
  assert.equal(late.status, 504);
  assert.match((await errorOf(late)).message, /within 0\.6 s/);
});

test('hxllm.timeouts.load limits a load', async () => {
  await using fake = await startFake();
  fake.holdLoads();
  await using gateway = await startGateway([fake], { hxllm: { timeouts: { load: 0.3 } } });
  const response = await gateway.chat();
  assert.deepEqual([response.status, (await errorOf(response)).code], [504, 'timeout']);
  assert.ok(gateway.log.some(({ event }) => event === 'load-failed'));
});
