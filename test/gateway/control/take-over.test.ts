import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askInstance } from '../../../src/gateway/control/control-request.ts';
import { openControlSocket } from '../../../src/gateway/control/control-server.ts';
import { startSim } from '../../../src/sim/server.ts';
import { KEY, until } from '../running.ts';
import { startHost, untilLogged } from './instances-stage.ts';

const config = (url: string): object => ({
  model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: url } }],
  general_settings: { master_key: KEY },
  hxllm: { backends: { [url]: { num_parallel: 4 } } },
});

test('a second instance stands by, passes the gate, takes over, and the first one drains and ends', async () => {
  const sim = await startSim({ models: [{ name: 'm', answerTokens: 20 }], numParallel: 4, loadMs: 20 });
  await using _sim = { [Symbol.asyncDispose]: () => sim.close() };
  await using host = await startHost();
  const file = await host.write('config.yaml', config(sim.url));
  const first = host.launch('1', file);
  await untilLogged(first, 'listening');
  const second = host.launch('2', file);
  await untilLogged(second, 'standby');
  const { instances } = (await host.control('status')).document;
  assert.deepEqual(
    instances?.map(({ instance, state, pid }) => [instance, state, pid]),
    [
      ['1', 'serving', first.pid()],
      ['2', 'standby', second.pid()],
    ],
  );
  const gate = await host.control('gate', '--instance', '2', '--model', 'm', '--timeout', '10');
  assert.equal(gate.code, 0, JSON.stringify(gate));
  assert.deepEqual(
    gate.document.checks?.map(({ id, ok }) => [id, ok]),
    ['state', 'configuration', 'listener', 'http', 'backends', 'model'].map((id) => [id, true]),
  );
  const taken = await host.control('take-over', '--instance', '2');
  assert.deepEqual(
    [taken.code, taken.document.state, taken.document.from, taken.document.draining, taken.document.cut],
    [0, 'serving', ['1'], ['1'], []],
    JSON.stringify(taken),
  );
  await first.ended();
  assert.deepEqual(first.events(), ['listening', 'draining', 'drained'], first.err());
  assert.deepEqual(
    first.log().map(({ instance }) => instance),
    ['1', '1', '1'],
  );
  const response = await fetch(`${host.url}/v1/models`, {
    headers: { authorization: `Bearer ${KEY}`, connection: 'close' },
  });
  assert.equal(response.status, 200);
  await response.text();
  assert.deepEqual(
    (await host.control('status')).document.instances?.map(({ instance }) => instance),
    ['2'],
  );
  second.kill('SIGTERM');
  await second.ended();
  assert.deepEqual(second.events(), ['standby', 'listening', 'take_over', 'request', 'stopping', 'stopped']);
});

test('an instance that is asked for its gate while it still starts passes as soon as it stands by', async () => {
  const sim = await startSim({ models: [{ name: 'm', answerTokens: 1 }], numParallel: 1, loadMs: 20 });
  await using _sim = { [Symbol.asyncDispose]: () => sim.close() };
  await using host = await startHost();
  let isAsked = false;
  // An elder instance begins to serve only when the gate of the other one is asked.
  const elder = await openControlSocket(
    { id: '1', folder: host.runtimeFolder },
    {
      routes: {
        'GET /status': async () => ({
          ok: true,
          value: {
            instance: '1',
            pid: process.pid,
            state: isAsked ? 'serving' : 'starting',
            started: '2026-01-01T00:00:00.000Z',
          },
        }),
      },
      upgrade: (_, socket) => socket.destroy(),
    },
  );
  assert.ok(elder.ok);
  await using _elder = {
    [Symbol.asyncDispose]: async () => {
      elder.value.closeAllConnections();
      elder.value.close();
    },
  };
  host.launch('2', await host.write('config.yaml', config(sim.url)));
  const socket = { id: '2', folder: host.runtimeFolder };
  const stateOf = async (): Promise<unknown> => (await host.control('status')).document.instances?.[1]?.['state'];
  await until('it starts', async () => (await stateOf()) === 'starting');
  const gate = askInstance(socket, { method: 'POST', path: '/gate', body: { timeoutMs: 20_000 }, timeoutMs: 25_000 });
  isAsked = true;
  const passed = await gate;
  assert.ok(passed.ok);
  assert.equal(passed.value['ready'], true, JSON.stringify(passed.value));
});

test('after a take-over a client that has kept its connection meets the new instance', async () => {
  await using host = await startHost();
  const first = host.launch('1', await host.write('former.yaml', { ...config('http://127.0.0.1:1') }));
  await untilLogged(first, 'listening');
  const keyed = async (key: string): Promise<number> => {
    const response = await fetch(`${host.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    await response.text();
    return response.status;
  };
  const rotated = { ...config('http://127.0.0.1:1'), general_settings: { master_key: `${KEY}-rotated` } };
  const second = host.launch('2', await host.write('config.yaml', rotated));
  await untilLogged(second, 'standby');
  assert.deepEqual([await keyed(KEY), await keyed(`${KEY}-rotated`)], [200, 401]);
  assert.equal((await host.control('take-over', '--instance', '2')).code, 0);
  assert.deepEqual([await keyed(`${KEY}-rotated`), await keyed(KEY)], [200, 401]);
  second.kill('SIGTERM');
  await second.ended();
});
