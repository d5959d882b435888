import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askInstance } from '../../../src/gateway/control/control-request.ts';
import { startSim } from '../../../src/sim/server.ts';
import { KEY, until } from '../running.ts';
import { startHost, untilLogged, type Launched } from './instances-stage.ts';
import { startTraffic } from './traffic.ts';

const TAKE_OVERS = 10;

test('ten take-overs in turn lose no request and cut no stream, whichever way clients ask', async () => {
  const options = { models: [{ name: 'm', answerTokens: 5 }], numParallel: 8, loadMs: 20, tokenMs: 5 };
  const sims = [await startSim(options), await startSim(options)];
  await using _sims = { [Symbol.asyncDispose]: async () => void (await Promise.all(sims.map((sim) => sim.close()))) };
  await using host = await startHost();
  const file = await host.write('config.yaml', {
    model_list: sims.map(({ url }) => ({
      model_name: 'm',
      litellm_params: { model: 'ollama_chat/m', api_base: url },
    })),
    general_settings: { master_key: KEY },
    hxllm: { backends: Object.fromEntries(sims.map(({ url }) => [url, { num_parallel: 8 }])) },
  });
  const instances: Launched[] = [host.launch('0', file)];
  await untilLogged(instances[0] as Launched, 'listening');
  const ways = { 'new connection': 2, 'kept connection': 2, pipelined: 2, stream: 6 };
  const traffic = startTraffic({ port: host.port, key: KEY }, ways);
  for (let turn = 1; turn <= TAKE_OVERS; turn += 1) {
    const next = host.launch(String(turn), file);
    await untilLogged(next, 'standby');
    const taken = await askInstance(
      { id: next.id, folder: host.runtimeFolder },
      { method: 'POST', path: '/take-over', timeoutMs: 30_000 },
    );
    assert.ok(taken.ok, JSON.stringify(taken));
    instances.push(next);
    const before = traffic.tally.whole['new connection'];
    await until('the next one answers', () => traffic.tally.whole['new connection'] > before + 2);
  }
  await traffic.stop();
  const { whole, failures } = traffic.tally;
  assert.deepEqual(failures, []);
  for (const [way, count] of Object.entries(whole)) assert.ok(count >= TAKE_OVERS, `${way}: ${String(count)}`);
  for (const one of instances.slice(0, -1)) await one.ended();
  for (const one of instances.slice(0, -1))
    assert.equal(one.log().find(({ event }) => event === 'drained')?.['cut'], 0, `instance ${one.id}`);
});
