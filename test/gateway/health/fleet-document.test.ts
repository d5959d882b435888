import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Secret } from '../../../src/core/secret.ts';
import { fleetDocument, type FleetDocumentSource } from '../../../src/gateway/health/fleet-document.ts';
import type { FleetSpec } from '../../../src/gateway/route/fleet-spec.ts';
import { policyFor } from '../../../src/gateway/route/policies.ts';
import { createFleet } from '../../../src/gateway/route/reconfigure.ts';
import { route } from '../../../src/gateway/route/router.ts';
import { fleetDocumentSchema, type FleetDocument } from '../../../src/schema/fleet-document.ts';
import { startSim, type SimOptions } from '../../../src/sim/server.ts';
import { assertValid } from '../../json-schema.ts';
import { longestTurnOf } from '../../longest-turn.ts';
import { until } from '../../until.ts';
import { NOWHERE } from '../fake-upstream.ts';
import { errorOf, KEY, startGateway, type Running } from '../running.ts';

const SCHEMA = fleetDocumentSchema();

async function readFleet(gateway: Running): Promise<FleetDocument> {
  const response = await gateway.ask('/fleet');
  assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/json']);
  const document = (await response.json()) as FleetDocument; // checked by the schema
  assertValid(SCHEMA, document);
  return document;
}

function isListed(gateway: Running, url: string): boolean {
  return gateway.service().scheduler.fleet.backends.get(url)?.listed !== undefined;
}

async function simFor(t: TestContext, options: SimOptions): Promise<string> {
  const sim = await startSim({ loadMs: 600, tokenMs: 20, ...options });
  t.after(() => sim.close());
  return sim.url;
}

test('/fleet shows servers, models, slots, queues by caller and class, and a load with its reason, as its schema says', async (t) => {
  const models = ['phi3', 'llama3'].map((name) => ({ name, answerTokens: 400 }));
  const url = await simFor(t, { models: [...models, 'other'], maxLoadedModels: 3, loadMs: 1500 });
  const other = await fetch(`${url}/api/generate`, { method: 'POST', body: '{"model":"other"}' });
  assert.equal(other.status, 200);
  await other.text();
  const entry = (model_name: string, api_base: string): object => ({
    model_name,
    litellm_params: { model: `ollama_chat/${model_name}`, api_base },
  });
  await using gateway = await startGateway([], {
    model_list: [entry('phi3', url), entry('llama3', url), entry('gone', NOWHERE[0])],
    hxllm: { backends: { [url]: { num_parallel: 1, max_loaded_models: 3 } } },
  });
  await until('the server has listed its memory', () => isListed(gateway, url));
  const leaving = new AbortController();
  t.after(() => leaving.abort());
  const chat = (model: string, headers: Readonly<Record<string, string>> = {}): void =>
    void gateway
      .chat({ model, stream: true }, { headers, signal: leaving.signal })
      .then((response) => response.text())
      .catch(() => '');
  await gateway.chat({ model: 'gone' });
  chat('phi3', { 'x-hxllm-caller': 'ann' });
  const { scheduler } = gateway.service();
  await until('the first one runs', () => scheduler.inFlight === 1);
  chat('phi3', { 'x-hxllm-caller': 'ann' });
  chat('phi3', { 'x-hxllm-caller': KEY });
  chat('phi3', { 'x-hxllm-caller': 'sk-somebody-elses-key' });
  chat('phi3', { 'x-hxllm-caller': 'ann', 'x-hxllm-class': 'batch' });
  chat('llama3');
  await until('they wait', () => scheduler.waiting === 5);
  let document = await readFleet(gateway);
  // A load is held for a moment while a request is on its way.
  await until('the load has begun', async () => {
    document = await readFleet(gateway);
    return document.servers[0]?.load?.phase === 'loading';
  });
  const [server, dead] = document.servers;
  assert.partialDeepStrictEqual(server, {
    url,
    state: 'up',
    in_flight: 1,
    load: { model: 'llama3', phase: 'loading', reason: 'absent', victims: [] },
    other_models: ['other:latest'],
  });
  assert.ok(server?.last_seen !== undefined);
  assert.partialDeepStrictEqual(
    server.models.find(({ model }) => model === 'phi3'),
    { residency: 'resident', slots: { stated: 1, believed: 1, trying: false }, in_flight: 1 },
  );
  assert.deepEqual([dead?.state, dead?.in_flight], ['down', 0]);
  const alias = document.aliases.find(({ alias: name }) => name === 'phi3');
  assert.deepEqual([alias?.waiting, alias?.batch], [4, 1]);
  const callers = alias?.callers ?? [];
  assert.equal(
    callers.reduce((sum, { people, batch }) => sum + people + batch, 0),
    4,
  );
  assert.ok(callers.some(({ key, user }) => key === 'master' && user === 'ann'));
  assert.equal(document.waiting, 5);
  const text = JSON.stringify(document);
  assert.ok(!text.includes(KEY) && !text.includes('somebody'), text);
});

test('/fleet needs the key, and is neither logged nor counted', async () => {
  await using gateway = await startGateway([{ url: NOWHERE[0] }]);
  const refused = await fetch(`${gateway.url}/fleet`);
  assert.equal(refused.status, 401);
  await errorOf(refused);
  await readFleet(gateway);
  assert.deepEqual(
    gateway.ended().map(({ status }) => status),
    [401],
  );
});

const SERVERS = 512;
const MODELS = 8;
const WAITERS = 10_000;

function largeFleet(): FleetDocumentSource {
  const servers = Array.from({ length: SERVERS }, (_, index) => `http://gpu-${String(index)}.example:11434`);
  const models = Array.from({ length: MODELS }, (_, index) => `family-${String(index)}:70b-instruct-q4_K_M`);
  const spec: FleetSpec = {
    backends: servers.map((url) => ({ url, managed: true, slots: 4, room: 4 })),
    deployments: servers.flatMap((backend) =>
      models.map((model) => ({ id: `${model} ${backend}`, backend, model, weight: 1, runnerKey: '[]', single: false })),
    ),
  };
  const fleet = createFleet(spec);
  const policy = policyFor(undefined, { longestQueue: 1e6, allowedFails: 3, cooldownMs: 0, random: () => 0.5 });
  for (const [index, url] of servers.entries()) {
    const listed = models.slice(index % 4, (index % 4) + 4).map((name) => ({ name, context: 8192, family: undefined }));
    route(fleet, policy, { kind: 'listed', backend: url, listing: { models: listed, askedMs: 1 } }, 1);
  }
  const arrive = (request: number, queue: string, deployments: readonly string[]): void =>
    void route(
      fleet,
      policy,
      {
        kind: 'arrived',
        request: String(request),
        queue,
        deployments,
        tried: [],
        isRetry: false,
        sinceMs: 2,
        maxWaitMs: 1e9,
        untilMs: 1e9,
        loadedMs: 0,
        work: {
          promptTokens: 500,
          maxTokens: 100,
          prefix: [{ hash: request, tokens: 500 }],
          key: `key-${String(request % 100)}`,
          user: `user-${String(request % 3000)}`,
          batch: request % 5 === 0,
        },
      },
      2,
    );
  // All of one alias on one server, so that they wait.
  const only = spec.deployments.filter(({ backend }) => backend === servers[0]).slice(0, 1);
  for (let request = 0; request < WAITERS + 4; request += 1)
    arrive(
      request,
      'a',
      only.map(({ id }) => id),
    );
  return {
    config: {
      backends: servers.map((url) => ({ url, numParallel: 4 })) as unknown as FleetDocumentSource['config']['backends'], // the two fields that are read
      routing: { strategy: 'fleet' } as FleetDocumentSource['config']['routing'], // the field that is read
      masterKey: { state: 'set', key: new Secret('sk-0123456789') },
    },
    fleet,
    contexts: [],
    nowMs: 3000,
    date: new Date(),
  };
}

test('512 servers with 8 models and 10,000 waiters make at most 1.5 MB, in turns below 10 ms', async () => {
  const source = largeFleet();
  const waiting = source.fleet.waiting.size;
  assert.ok(waiting >= WAITERS);
  let text = '';
  let longestMs = Infinity;
  // A collection of garbage, or another process, may fall into one of them.
  for (let run = 0; run < 5 && longestMs >= 10; run += 1)
    longestMs = await longestTurnOf(async () => {
      text = (await fleetDocument(source)).text();
    });
  assert.ok(longestMs < 10, `${longestMs.toFixed(1)} ms`);
  assert.ok(text.length < 1.5e6, `${String(text.length)} bytes`);
  const document = JSON.parse(text) as FleetDocument; // checked by the schema
  assertValid(SCHEMA, document);
  assert.deepEqual([document.servers.length, document.servers_left_out, document.waiting], [SERVERS, 0, waiting]);
  const [alias] = document.aliases;
  assert.deepEqual([alias?.waiting, alias?.callers.length], [waiting, 10]);
});
