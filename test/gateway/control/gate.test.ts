import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSim } from '../../../src/sim/server.ts';
import { KEY } from '../running.ts';
import { startHost, untilLogged, type ControlRun, type Host } from './instances-stage.ts';

/** Starts an instance for a server, and another one that stands by. */
async function standBy(host: Host, url: string): Promise<void> {
  const file = await host.write('config.yaml', {
    model_list: ['m', 'n'].map((name) => ({
      model_name: name,
      litellm_params: { model: `ollama_chat/${name}`, api_base: url },
    })),
    general_settings: { master_key: KEY },
    hxllm: { backends: { [url]: { num_parallel: 1 } } },
  });
  await untilLogged(host.launch('1', file), 'listening');
  await untilLogged(host.launch('2', file), 'standby');
}

const gate = (host: Host, ...words: readonly string[]): Promise<ControlRun> =>
  host.control('gate', '--instance', '2', '--timeout', '3', ...words);

const detailOf = ({ document }: ControlRun, id: string): string =>
  document.checks?.find((check) => check.id === id)?.detail ?? '';

test('the gate asks a model for an answer only where it is in memory, and loads none', async () => {
  const models = ['m', 'n'].map((name) => ({ name, answerTokens: 5 }));
  await using sim = {
    ...(await startSim({ models, numParallel: 1, loadMs: 20 })),
    [Symbol.asyncDispose]: async () => {},
  };
  await using host = await startHost();
  const loaded = await fetch(`${sim.url}/api/generate`, { method: 'POST', body: JSON.stringify({ model: 'm' }) });
  await loaded.text();
  await standBy(host, sim.url);
  const before = sim.requests('/api/chat');
  // It asks at once, before the server was looked at for the first time by chance.
  const warm = await gate(host, '--model', 'm');
  assert.deepEqual([warm.code, detailOf(warm, 'model')], [0, `m has answered on ${sim.url}`]);
  assert.equal(sim.requests('/api/chat'), before + 1);
  const cold = await gate(host, '--model', 'n');
  assert.deepEqual([cold.code, detailOf(cold, 'model')], [0, 'not asked: n is in no server’s memory']);
  assert.equal(sim.requests('/api/chat'), before + 1);
  const listed = (await (await fetch(`${sim.url}/api/ps`)).json()) as {
    readonly models: readonly { readonly name: string }[];
  };
  assert.deepEqual(
    listed.models.map(({ name }) => name),
    ['m:latest'],
  );
  await sim.close();
});

test('the gate fails where the model does not answer, is none, or no server answers', async () => {
  const sim = await startSim({ models: [{ name: 'm', answerTokens: 5 }], numParallel: 1, loadMs: 20 });
  await using host = await startHost();
  await (await fetch(`${sim.url}/api/generate`, { method: 'POST', body: JSON.stringify({ model: 'm' }) })).text();
  await standBy(host, sim.url);
  sim.faults.add({ kind: 'error', path: '/api/chat', status: 500, message: 'broken on purpose', times: 0 });
  const broken = await gate(host, '--model', 'm');
  assert.deepEqual([broken.code, broken.document.ready], [1, false], JSON.stringify(broken));
  assert.match(detailOf(broken, 'model'), /^50\d: [^]*broken on purpose/);
  sim.faults.clear();
  const unknown = await gate(host, '--model', 'x');
  assert.deepEqual([unknown.code, detailOf(unknown, 'model')], [1, 'the configuration has no model x']);
  await sim.close();
  const alone = await gate(host, '--model', 'm');
  assert.deepEqual([alone.code, alone.document.ready], [1, false]);
  assert.match(detailOf(alone, 'backends'), /^0 of 1 answer; .*: /);
  assert.equal(detailOf(alone, 'model'), '');
});
