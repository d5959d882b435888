import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSim } from '../../../src/sim/server.ts';
import { startGateway, until } from '../running.ts';

test('killing one of two servers under a load of streams and plain requests loses none that had not begun to answer', async () => {
  const options = { models: [{ name: 'm', answerTokens: 20 }], numParallel: 4, loadMs: 20, tokenMs: 3 };
  const [doomed, steady] = [await startSim(options), await startSim(options)];
  await using _sims = { [Symbol.asyncDispose]: async () => void (await Promise.all([doomed.close(), steady.close()])) };
  await using gateway = await startGateway([doomed, steady], {
    hxllm: { backends: { [doomed.url]: { num_parallel: 4 }, [steady.url]: { num_parallel: 4 } } },
  });
  const outcomes = { whole: 0, cut: 0, lost: 0 };
  let killed = false;
  const client = async (number: number): Promise<void> => {
    for (let turn = 0; turn < 12; turn += 1) {
      const stream = (number + turn) % 2 === 0;
      const response = await gateway.chat({
        stream,
        messages: [{ role: 'user', content: `client ${String(number)} turn ${String(turn)}` }],
      });
      const text = await response.text();
      if (response.status !== 200) outcomes.lost += 1;
      else if (stream ? text.endsWith('data: [DONE]\n\n') : text.includes('"finish_reason"')) outcomes.whole += 1;
      else {
        // Only a stream of the killed backend that had begun may end with an error.
        assert.ok(stream && killed && response.headers.get('x-hxllm-backend') === doomed.url, text);
        assert.match(text, /"delta":\{"content"/);
        assert.match(text, /data: \{"error":\{[^\n]*\n\n$/);
        outcomes.cut += 1;
      }
    }
  };
  const clients = Promise.all(Array.from({ length: 10 }, (_, number) => client(number)));
  await until(
    'both are at work',
    () => doomed.activity().busy > 2 && steady.activity().busy > 0 && outcomes.whole > 20,
  );
  killed = true;
  await doomed.close();
  await clients;
  assert.equal(outcomes.lost, 0);
  assert.equal(outcomes.whole + outcomes.cut, 120);
  assert.ok(outcomes.cut <= 8, 'no more than had a slot, or had just given it back');
  const moved = gateway.ended().filter(({ attempts, ended }) => attempts === 2 && ended === 'answered').length;
  assert.ok(moved + outcomes.cut > 0, 'it did hit somebody');
  assert.equal(gateway.service().scheduler.inFlight, 0);
});
