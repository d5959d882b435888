import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSim } from '../../../src/sim/server.ts';
import { KEY } from '../running.ts';
import { startHost, untilLogged, type Launched } from './instances-stage.ts';
import { takeOverInTurn } from './take-overs.ts';
import { startTraffic } from './traffic.ts';
import { IN_JOB } from '../../job.ts';

const TAKE_OVERS = IN_JOB ? 5 : 10;
const SLOTS = 4;

test(`${String(TAKE_OVERS)} take-overs in turn lose no request and cut no stream, whichever way clients ask, and no server has more than its slots`, async () => {
  const options = { models: [{ name: 'm', answerTokens: 5 }], numParallel: SLOTS, loadMs: 20, tokenMs: 5 };
  const sims = [await startSim(options), await startSim(options)];
  await using _sims = { [Symbol.asyncDispose]: async () => void (await Promise.all(sims.map((sim) => sim.close()))) };
  await using host = await startHost();
  const file = await host.write('config.yaml', {
    model_list: sims.map(({ url }) => ({
      model_name: 'm',
      // Slots of a server with /v1 are a limit that is kept: nothing tries one more.
      litellm_params: { model: 'openai/m', api_base: `${url}/v1` },
    })),
    general_settings: { master_key: KEY },
    hxllm: { backends: Object.fromEntries(sims.map(({ url }) => [`${url}/v1`, { num_parallel: SLOTS }])) },
  });
  const instances: Launched[] = [host.launch('0', file)];
  await untilLogged(instances[0] as Launched, 'listening');
  const ways = { 'new connection': 1, 'kept connection': 1, pipelined: 1, stream: 4 };
  let mostInside = 0;
  const looking = setInterval(() => {
    for (const sim of sims) mostInside = Math.max(mostInside, sim.activity().waiting);
  }, 2).unref();
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => {
    clearInterval(looking);
  });
  const traffic = startTraffic({ port: host.port, key: KEY }, ways);
  cleanUp.defer(() => traffic.cut());
  await takeOverInTurn(host, file, instances, TAKE_OVERS, traffic);
  await traffic.stop();
  clearInterval(looking);
  assert.equal(mostInside, 0, 'requests that wait inside a server');
  const { whole, failures } = traffic.tally;
  assert.deepEqual(failures, []);
  for (const [way, count] of Object.entries(whole)) assert.ok(count >= TAKE_OVERS, `${way}: ${String(count)}`);
  for (const one of instances.slice(0, -1)) await one.ended();
  for (const one of instances.slice(0, -1))
    assert.equal(one.log().find(({ event }) => event === 'drained')?.['cut'], 0, `instance ${one.id}`);
});
