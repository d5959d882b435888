import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { startSim, type Sim, type SimOptions } from '../../../src/sim/server.ts';
import { answersShortly, fails, startFake } from '../fake-upstream.ts';
import { errorOf, startGateway, textOf, until, type Running } from '../running.ts';

const SIM: SimOptions = { models: ['m', 'n'].map((name) => ({ name, answerTokens: 4 })), loadMs: 300, tokenMs: 1 };

interface Setting extends AsyncDisposable {
  readonly sim: Sim;
  readonly gateway: Running;
}

/** A gateway for the aliases `m` and `n` in front of one simulated server. */
async function set(options: SimOptions = {}, params: object = {}): Promise<Setting> {
  const sim = await startSim({ ...SIM, ...options });
  const gateway = await startGateway([], {
    model_list: ['m', 'n'].map((name) => ({
      model_name: name,
      litellm_params: { model: `ollama_chat/${name}`, api_base: sim.url, ...params },
    })),
  });
  return {
    sim,
    gateway,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await sim.close();
    },
  };
}

test('one load serves every waiter, and is not repeated', async () => {
  await using setting = await set();
  const { sim, gateway } = setting;
  const answers = await Promise.all(Array.from({ length: 5 }, () => gateway.chat()));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
  assert.equal(sim.requests('/api/generate'), 1);
  assert.deepEqual(
    gateway.log.filter(({ event }) => event === 'loaded').map(({ model }) => model),
    ['m'],
  );
  await gateway.chat();
  assert.equal(sim.requests('/api/generate'), 1);
});

test('a load continues after its client has left, and serves the next request', async () => {
  await using fake = await startFake();
  const letGo = fake.holdLoads();
  await using gateway = await startGateway([fake]);
  const draining = new AbortController();
  const left = gateway.chat({}, { signal: draining.signal }).catch(() => undefined);
  await until('the load has begun', () => fake.loads() === 1);
  draining.abort();
  await left;
  await until('no request waits', () => gateway.service().scheduler.waiting === 0);
  letGo();
  await until(
    'the load has ended',
    () => gateway.service().scheduler.fleet.backends.get(fake.url)?.loading === undefined,
  );
  assert.equal((await gateway.chat()).status, 200);
  assert.deepEqual([fake.loads(), fake.requests.length], [1, 1]);
});

test('a load has the options of the alias, so that no request reloads the model', async () => {
  await using setting = await set({ loadMs: 20 }, { num_ctx: 2048, keep_alive: '7m' });
  const { sim, gateway } = setting;
  await gateway.chat();
  const { models } = (await (await fetch(`${sim.url}/api/ps`)).json()) as {
    models: { context_length: number; expires_at: string }[];
  };
  const [model] = models;
  assert.equal(model?.context_length, 2048);
  const minutes = (Date.parse(model?.expires_at ?? '') - Date.now()) / 60_000;
  assert.ok(minutes > 6 && minutes <= 7.1, String(minutes));
  await gateway.chat();
  assert.deepEqual([sim.requests('/api/generate'), gateway.ended().length], [1, 2]);
});

test('requests carry no keep_alive, which could revive a model that must be evicted', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url, keep_alive: -1 } }],
  });
  await gateway.chat();
  assert.equal('keep_alive' in (JSON.parse(fake.requests[0]?.body ?? '{}') as object), false);
});

test('an embedding model is loaded by an empty embedding request', async () => {
  await using setting = await set({ models: [{ name: 'm', capabilities: ['embedding'] }, { name: 'n' }] });
  const { sim, gateway } = setting;
  const response = await gateway.ask('/v1/embeddings', {
    method: 'POST',
    body: JSON.stringify({ model: 'm', input: 'hi' }),
  });
  assert.equal(response.status, 200);
  assert.deepEqual([sim.requests('/api/generate'), sim.requests('/api/embed')], [1, 2]);
});

test('a load that the server has already started is awaited', async () => {
  await using setting = await set({ loadMs: 20 });
  const { sim, gateway } = setting;
  sim.faults.add({
    kind: 'error',
    path: '/api/chat',
    status: 500,
    message: 'unexpected server status: llm server loading model',
  });
  const response = await gateway.chat();
  assert.equal(response.status, 200, await response.text());
  await until('the line is written', () => gateway.ended().length === 1);
  assert.deepEqual([sim.requests('/api/chat'), gateway.ended()[0]?.['attempts']], [2, 2]);
});

test('a load of a missing model fails with the reason for every waiter; other models are not affected', async () => {
  await using setting = await set({ models: [{ name: 'n', answerTokens: 4 }], loadMs: 20 });
  const { sim, gateway } = setting;
  const answers = await Promise.all([gateway.chat(), gateway.chat({ stream: true }), gateway.chat({ model: 'n' })]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [404, 404, 200],
  );
  for (const answer of answers.slice(0, 2)) {
    assert.equal(answer.headers.get('x-hxllm-backend'), sim.url);
    assert.equal((await errorOf(answer)).code, 'model_not_found');
  }
  assert.equal(sim.requests('/api/chat'), 1);
});

test('a runner that dies fails only its own requests, and its model is loaded again', async () => {
  await using setting = await set({ loadMs: 20 });
  const { sim, gateway } = setting;
  for (const model of ['m', 'n']) await gateway.chat({ model });
  sim.faults.add({ kind: 'die', path: '/api/chat', model: 'm:latest', after: 1 });
  const cut = await (await gateway.chat({ stream: true })).text();
  assert.match(cut, /"error"/);
  // The other model may have been evicted for it.
  await until(
    'the other is known to be in memory',
    () => gateway.service().scheduler.fleet.replicas.get(`${sim.url}#n`)?.residency.state === 'resident',
  );
  const loads = sim.requests('/api/generate');
  assert.equal((await gateway.chat({ model: 'n' })).status, 200);
  assert.equal((await gateway.chat()).status, 200);
  assert.equal(sim.requests('/api/generate'), loads + 1, 'only the dead model is loaded again');
  assert.equal(
    gateway.log.some(({ event }) => event === 'backend-down'),
    false,
  );
});

test('an invalid request does not count against its backend', async () => {
  await using fake = await startFake(fails(500, 'option "temperature" must be of type float32'));
  await using gateway = await startGateway([fake], { router_settings: { allowed_fails: 1 } });
  for (let turn = 0; turn < 3; turn += 1) assert.equal((await gateway.chat()).status, 400);
  const { fleet } = gateway.service().scheduler;
  assert.deepEqual(
    [...fleet.deployments.values()].map(({ failures, cooldownUntilMs }) => [failures, cooldownUntilMs]),
    [[0, 0]],
  );
  fake.behave(answersShortly('fine'));
  assert.equal(await textOf(await gateway.chat()), 'fine');
});

test('a stuck load is unblocked by unloading idle models by name', { timeout: 60_000 }, async () => {
  let listed = ['idle:latest'];
  let go: (() => void) | undefined;
  const unloaded: string[] = [];
  await using server = createServer((incoming, outgoing) => {
    let text = '';
    incoming
      .setEncoding('utf8')
      .on('data', (more: string) => (text += more))
      .on('end', () => {
        const body = JSON.parse(text === '' ? '{}' : text) as { model?: string; keep_alive?: unknown };
        if (incoming.url === '/api/ps') outgoing.end(JSON.stringify({ models: listed.map((name) => ({ name })) }));
        else if (incoming.url === '/api/chat')
          void answersShortly('there')({ path: '', headers: {}, body: '', left: Promise.resolve() }, outgoing);
        else if (body.keep_alive === 0) {
          unloaded.push(body.model ?? '');
          listed = [];
          outgoing.end('{}');
          go?.();
        } else go = () => outgoing.end('{}');
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has this type of address
  const url = `http://127.0.0.1:${String(port)}`;
  await using gateway = await startGateway([{ url }]);
  const { fleet } = gateway.service().scheduler;
  await until('the backend has listed its memory', () => fleet.backends.get(url)?.listed?.length === 1);
  // The known loads there are short, so that a long one is noticed soon.
  const replica = fleet.replicas.get(`${url}#m`);
  assert.ok(replica !== undefined);
  replica.speed.loadMs = 200;
  assert.equal(await textOf(await gateway.chat()), 'there');
  assert.deepEqual(unloaded, ['idle:latest']);
  assert.deepEqual(
    gateway.log.find(({ event }) => event === 'unloading'),
    { event: 'unloading', backend: url, model: 'idle:latest', reason: 'stuck-load', loads: 'm' },
  );
});
