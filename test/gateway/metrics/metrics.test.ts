import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails, NOWHERE, stalls, startFake } from '../fake-upstream.ts';
import { errorOf, startGateway, until, type Running } from '../running.ts';
import { newFolder } from '../usage/stage.ts';
import { parseExposition, type Family } from './exposition-parser.ts';

async function scrape(gateway: Running): Promise<(name: string) => Readonly<Record<string, number>>> {
  const response = await gateway.ask('/metrics');
  assert.deepEqual(
    [response.status, response.headers.get('content-type')],
    [200, 'text/plain; version=0.0.4; charset=utf-8'],
  );
  const families: ReadonlyMap<string, Family> = parseExposition(await response.text());
  return (name) => Object.fromEntries((families.get(name) ?? assert.fail(`no ${name}`)).samples);
}

test('metrics show requests, tokens, times, backends and the process', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([{ url: `${fake.url}/` }]);
  const backend = fake.url;
  await (await gateway.chat()).text();
  await (await gateway.chat({ stream: true })).text();
  await gateway.chat({ model: 'whatever "a client\n makes up' });
  await gateway.ask('/v1/models');
  fake.behave(fails(500, 'model requires more system memory'));
  await gateway.chat();
  const read = await scrape(gateway);
  assert.deepEqual(read('hxllm_requests_total'), {
    [`backend=${backend},ended=answered,model=m,status=200`]: 2,
    'backend=,ended=refused,model=,status=404': 1,
    'backend=,ended=answered,model=,status=200': 1,
    [`backend=${backend},ended=failed,model=m,status=502`]: 1,
  });
  assert.deepEqual(read('hxllm_prompt_tokens_total'), { [`backend=${backend},model=m`]: 10 });
  assert.deepEqual(read('hxllm_completion_tokens_total'), { [`backend=${backend},model=m`]: 4 });
  assert.equal(read('hxllm_time_to_first_token_seconds')[`_count backend=${backend},model=m`], 2);
  assert.equal(read('hxllm_request_duration_seconds')[`_count backend=${backend},model=m`], 2);
  assert.equal(read('hxllm_queue_wait_seconds')['_count model=m'], 3);
  assert.equal(read('hxllm_backend_up')[`backend=${backend}`], 1);
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'process_open_fds',
    'process_start_time_seconds',
    'hxllm_client_connections',
  ])
    assert.ok((read(name)[''] ?? 0) > 0, name);
});

test('metrics show requests in flight while they run, and backends that are down', async () => {
  await using fake = await startFake(stalls('a'));
  const dead = { url: NOWHERE[0] };
  await using gateway = await startGateway([fake], {
    model_list: [
      ['m', fake.url],
      ['d', dead.url],
    ].map(([model_name, api_base]) => ({ model_name, litellm_params: { model: 'ollama_chat/m', api_base } })),
  });
  const client = new AbortController();
  const stream = await gateway.chat({ stream: true }, { signal: client.signal });
  assert.equal((await gateway.chat({ model: 'd' })).status, 503);
  const read = await scrape(gateway);
  assert.deepEqual(read('hxllm_backend_in_flight'), { [`backend=${fake.url}`]: 1, [`backend=${dead.url}`]: 0 });
  assert.deepEqual(read('hxllm_backend_up'), { [`backend=${fake.url}`]: 1, [`backend=${dead.url}`]: 0 });
  assert.equal(read('hxllm_slots_taken')[`backend=${fake.url},server_model=m`], 1);
  assert.ok((read('hxllm_slots_known')[`backend=${fake.url},server_model=m`] ?? 0) >= 1);
  assert.equal(read('hxllm_model_resident')[`backend=${fake.url},server_model=m`], 1);
  assert.deepEqual(
    Object.values(read('hxllm_queue_length')).every((count) => count === 0),
    true,
  );
  client.abort();
  await stream.text().catch(() => '');
  await until('no slot is in use', () => gateway.service().scheduler.inFlight === 0);
  assert.equal((await scrape(gateway))('hxllm_backend_in_flight')[`backend=${fake.url}`], 0);
  assert.equal(
    (await scrape(gateway))('hxllm_requests_total')[`backend=${fake.url},ended=client-left,model=m,status=200`],
    1,
  );
});

test('metrics show slots, queues and models in memory', async () => {
  await using fake = await startFake(stalls('a'));
  // The model may be in memory with another context length, so that it is loaded in any case.
  const model_list = [
    { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url, num_ctx: 2048 } },
  ];
  await using gateway = await startGateway([], {
    model_list,
    hxllm: { backends: { [fake.url]: { num_parallel: 1 } } },
  });
  const draining = new AbortController();
  const chats = [1, 2, 3].map(() =>
    gateway
      .chat({ stream: true }, { signal: draining.signal })
      .then((response) => response.text())
      .catch(() => ''),
  );
  await until('two wait', () => gateway.service().scheduler.waiting === 2 && fake.requests.length === 1);
  const read = await scrape(gateway);
  const labels = `backend=${fake.url},server_model=m`;
  assert.deepEqual(
    [read('hxllm_slots_known'), read('hxllm_slots_taken'), read('hxllm_queue_length')],
    [{ [labels]: 1 }, { [labels]: 1 }, { 'model=m': 2 }],
  );
  assert.deepEqual([read('hxllm_model_resident'), read('hxllm_loads_underway')], [{ [labels]: 1 }, { [labels]: 0 }]);
  assert.ok((read('hxllm_loads_total')[`backend=${fake.url},reason=absent,result=done,server_model=m`] ?? 0) >= 1);
  draining.abort();
  await Promise.all(chats);
  await until(
    'no request waits',
    () => gateway.service().scheduler.waiting === 0 && gateway.service().scheduler.inFlight === 0,
  );
  const after = await scrape(gateway);
  assert.deepEqual(after('hxllm_queue_length'), { 'model=m': 0 });
  assert.deepEqual(after('hxllm_routes_total'), { 'model=m,reason=only-one': 1 });
  const queued = after('hxllm_queued_seconds_total');
  assert.ok((queued['class=people,model=m'] ?? 0) > 0);
  assert.equal(queued['class=batch,model=m'], 0);
  assert.deepEqual(Object.keys(after('hxllm_given_up_late_total')), ['model=m']);
});

test('/metrics needs the key, unless the configuration opens it or has no key', async () => {
  await using closed = await startGateway([{ url: 'http://127.0.0.1:9' }]);
  const refused = await fetch(`${closed.url}/metrics`);
  assert.equal(refused.status, 401);
  await errorOf(refused);
  await using open = await startGateway([{ url: 'http://127.0.0.1:9' }], { hxllm: { metrics: 'open' } });
  assert.equal((await fetch(`${open.url}/metrics`)).status, 200);
  await using off = await startGateway([{ url: 'http://127.0.0.1:9' }], { hxllm: { metrics: 'off' } });
  assert.equal((await off.ask('/metrics')).status, 404);
  assert.deepEqual(
    [...closed.ended(), ...open.ended()].map(({ path, status }) => [path, status]),
    [['/metrics', 401]],
    'scrapes that went well leave no line',
  );
});

test('metrics show loads that served nothing, of models that were loaded', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  await (await gateway.chat()).text();
  const { replicas } = gateway.service().scheduler.fleet;
  const [replica] = replicas.values();
  assert.ok(replica !== undefined);
  assert.deepEqual((await scrape(gateway))('hxllm_needless_loads_total'), {});
  replica.lastLoad = { reason: 'absent', victims: [], endedMs: 1, tookMs: 1 };
  replica.needless.unused = 2;
  assert.deepEqual((await scrape(gateway))('hxllm_needless_loads_total'), {
    [`backend=${fake.url},kind=slot-free,server_model=m`]: 0,
    [`backend=${fake.url},kind=unused,server_model=m`]: 2,
  });
});

test('metrics show the time of calls of the database, the age of rows that wait, and collections of garbage', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], {
    hxllm: { state_dir: newFolder(), usage: { record: 'always' } },
  });
  assert.deepEqual((await scrape(gateway))('hxllm_usage_journal_oldest_seconds'), {});
  await (await gateway.chat()).text();
  await until('it has ended', () => gateway.ended().length > 0);
  const age = (await scrape(gateway))('hxllm_usage_journal_oldest_seconds')[''] ?? 0;
  assert.ok(age > 0 && age < 5, String(age));
  await gateway.service().usage?.flush();
  await until('garbage was collected', async () => {
    Array.from({ length: 100_000 }, () => ({}));
    return ((await scrape(gateway))('nodejs_gc_duration_seconds')['_count kind=minor'] ?? 0) > 0;
  });
  const read = await scrape(gateway);
  assert.deepEqual(read('hxllm_usage_journal_oldest_seconds'), { '': 0 });
  assert.ok((read('hxllm_store_seconds')['_count op=append-usage'] ?? 0) > 0);
});

test('metrics show times, sizes, ends, fallbacks, the build and the memory of servers', async () => {
  await using fake = await startFake((_got, outgoing) => {
    const last = { done: true, done_reason: 'length', prompt_eval_count: 5, eval_count: 2 };
    const times = { total_duration: 1e6, prompt_eval_duration: 4e5, eval_duration: 4e7 };
    outgoing.end(
      `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: 'hi' }, ...last, ...times })}\n`,
    );
  });
  await using gateway = await startGateway([], {
    model_list: [
      ['m', fake.url],
      ['d', NOWHERE[0]],
    ].map(([model_name, api_base]) => ({ model_name, litellm_params: { model: 'ollama_chat/m', api_base } })),
    router_settings: { fallbacks: [{ d: ['m'] }] },
  });
  await (await gateway.chat()).text();
  assert.equal((await gateway.chat({ model: 'd' })).status, 200);
  const read = await scrape(gateway);
  const [both, ofM] = [`backend=${fake.url},model=m`, 'model=m'];
  assert.equal(read('hxllm_time_per_output_token_seconds')[`_sum ${both}`], 0.02);
  assert.equal(read('hxllm_prefill_seconds')[`_sum ${both}`], 0.0004);
  assert.equal(read('hxllm_overhead_seconds')[`_count ${ofM}`], 1);
  assert.equal(read('hxllm_request_prompt_tokens')[`_sum ${ofM}`], 5);
  assert.equal(read('hxllm_request_completion_tokens')[`_bucket le=4,${ofM}`], 1);
  assert.deepEqual(read('hxllm_finishes_total'), { 'model=m,reason=length': 1, 'model=d,reason=length': 1 });
  assert.deepEqual(read('hxllm_fallbacks_total'), { 'fallback=m,model=d': 1 });
  assert.deepEqual(read('hxllm_build_info'), { 'version=unreleased': 1 });
  assert.equal(read('hxllm_config_last_reload_successful')[''], 1);
  assert.deepEqual(read('hxllm_requests_in_flight'), {
    'phase=body': 0,
    'phase=queue': 0,
    'phase=prompt': 0,
    'phase=answer': 0,
  });
  assert.deepEqual(read('hxllm_backend_opens_total'), { [`backend=${fake.url}`]: 0, [`backend=${NOWHERE[0]}`]: 1 });
  // The fake lists its model without sizes.
  assert.deepEqual([read('hxllm_backend_vram_bytes'), read('hxllm_model_vram_bytes')], [{}, {}]);
});
