import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { readTrace } from '../../src/gateway/route/trace-reader.ts';
import { routeTraceOf } from '../../src/gateway/route-trace.ts';
import { TraceFile } from '../../src/gateway/state/trace-file.ts';
import { startSim } from '../../src/sim/server.ts';
import { replay } from '../../src/simulation/replay/replay.ts';
import { assertTrace } from './route/trace-replay.ts';
import { startGateway, until } from './running.ts';
import { startSlotted } from './scheduler/slotted-server.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hxllm-trace-'));
  t.after(async () => rm(path, { recursive: true, force: true }));
  return path;
}

const settings = {
  models: ['m', 'n'],
  maxLoadedModels: 1,
  numParallel: 2,
  loadMs: 30,
  tokenMs: 1,
  prefillMsPerToken: 0.1,
};

for (const routing_strategy of ['fleet', 'simple-shuffle'])
  test(`${routing_strategy}: a trace of a gateway gives the same decisions again, keeps the invariants, and names nobody`, async (t) => {
    const path = join(await folder(t), 'route.ndjson');
    const [first, second] = [await startSim({ port: 0, ...settings }), await startSim({ port: 0, ...settings })];
    t.after(async () => Promise.all([first.close(), second.close()]));
    process.env['HXLLM_ROUTE_TRACE'] = path;
    const model_list = [first, second].flatMap(({ url }) =>
      ['m', 'n'].map((name) => ({ model_name: name, litellm_params: { model: `ollama_chat/${name}`, api_base: url } })),
    );
    const gateway = await startGateway([], { model_list, router_settings: { routing_strategy } });
    delete process.env['HXLLM_ROUTE_TRACE'];
    const chat = async (name: string, user: string): Promise<void> => {
      const messages = [{ role: 'user', content: `a secret of ${user}` }];
      const init = {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: name, user, messages }),
      };
      const response = await gateway.ask('/v1/chat/completions', { method: 'POST', ...init });
      await response.text();
      assert.equal(response.status, 200);
    };
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => chat(index % 3 === 0 ? 'n' : 'm', `person${String(index % 4)}`)),
    );
    const leaving = new AbortController();
    const left = gateway.chat({ stream: true }, { signal: leaving.signal }).then(async (response) => response.text());
    setImmediate(() => {
      leaving.abort();
    });
    await left.catch(() => undefined);
    await gateway.stop(1000, new AbortController().signal);
    const text = await readFile(path, 'utf8');
    const { steps, end } = assertTrace(text, path);
    assert.equal(end, 'stopped');
    const kinds = new Set(steps.map(({ event }) => event.kind));
    for (const kind of ['arrived', 'started', 'released', 'listed', 'loaded'] as const)
      assert.ok(kinds.has(kind), kind);
    assert.ok(steps.filter(({ event }) => event.kind === 'arrived').length >= 30);
    assert.ok(!/secret|person|sk-/.test(text), 'neither prompts nor callers');
    const users = steps.flatMap(({ event }) => (event.kind === 'arrived' ? [event.work?.user] : []));
    assert.ok(new Set(users).size >= 4, 'callers stay apart');
  });

test('a trace ends with a line at its size limit, and a disk that fails costs one line of the log', async (t) => {
  const path = join(await folder(t), 'route.ndjson');
  const log: Readonly<Record<string, unknown>>[] = [];
  const file = new TraceFile(path, (entry) => log.push(entry), { mostBytes: 200 });
  for (let line = 0; line < 20; line += 1) file.write(JSON.stringify({ line }));
  await file.close();
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  assert.equal(lines.at(-1), '{"end":"size limit"}');
  assert.ok(lines.length > 5 && lines.length < 20);
  assert.deepEqual(
    log.map(({ event, reason }) => [event, reason]),
    [['route-trace-ended', 'size limit']],
  );
  const again = new TraceFile(path, (entry) => log.push(entry));
  await again.close();
  assert.equal((await readFile(`${path}.1`, 'utf8')).split('\n').length, lines.length + 1, 'an earlier trace is kept');
});

for (const path of ['/dev/full', '/no/such/folder/route.ndjson'])
  test(`a trace in ${path} is logged once, and nothing fails`, async () => {
    const log: Readonly<Record<string, unknown>>[] = [];
    const file = new TraceFile(path, (entry) => log.push(entry));
    for (let line = 0; line < 3000; line += 1) {
      file.write('x'.repeat(100));
      if (line % 100 === 0) await new Promise(setImmediate);
    }
    await file.close();
    assert.deepEqual(
      log.map(({ event }) => event),
      ['route-trace-failed'],
    );
  });

test('without a wish in the environment there is no trace', () => {
  assert.equal(
    routeTraceOf({}, () => undefined),
    undefined,
  );
});

const HEADER = { trace: 'hxllm.route', version: 1, begun: '', policy: {}, spec: { backends: [], deployments: [] } };
const lines = (...documents: readonly (object | string)[]): string =>
  documents.map((one) => `${typeof one === 'string' ? one : JSON.stringify(one)}\n`).join('');
const TICK = { t: 1, event: { kind: 'ticked' } };
const LISTED = { t: 1, event: { kind: 'listed', backend: 'a', listing: { models: [{ name: 'm' }], askedMs: 0 } } };
const NAMELESS = { ...LISTED.event, listing: { models: [{ name: 1 }], askedMs: 0 } };

for (const [title, text, line, detail] of [
  ['an empty file', '', 1, /found an empty file/],
  ['another file', lines({ hello: 1 }), 1, /Expected a trace of hxllm, found \{"hello":1\}/],
  ['a newer trace', lines({ ...HEADER, version: 2 }), 1, /Expected version 1, found 2/],
  ['a line that is no JSON', lines(HEADER, TICK, 'x{', TICK), 3, /Expected a line of JSON, found x\{/],
  ['an unknown event', lines(HEADER, { t: 1, event: { kind: 'danced' } }), 2, /Expected an event of routing/],
  [
    'an event without its parts',
    lines(HEADER, { t: 1, event: { kind: 'arrived' } }),
    2,
    /Expected an event of routing/,
  ],
  ['a strategy of another program', lines({ ...HEADER, policy: { strategy: 'toString' } }), 1, /Expected a policy/],
  ['a model without a name', lines(HEADER, LISTED, { ...LISTED, event: NAMELESS }), 3, /Expected an event of routing/],
  ['a decision that is none', lines(HEADER, { ...TICK, decisions: [0] }), 2, /Expected an event of routing/],
  ['a time that goes back', lines(HEADER, { ...TICK, t: 5 }, TICK), 3, /Expected a time from 5 on, found 1/],
  ['lines behind its end', lines(HEADER, { end: 'stopped' }, TICK), 3, /nothing behind the end/],
] as const)
  test(`a trace is refused with its line: ${title}`, () => {
    const read = readTrace(text, 'f.ndjson');
    assert.ok(!read.ok);
    assert.deepEqual(read.problems[0].where, { file: 'f.ndjson', line });
    assert.match(read.problems[0].detail, detail);
  });

test('a trace that was cut in a line is read up to there', () => {
  const read = readTrace(`${lines(HEADER, TICK)}{"t":2,"ev`, 'f.ndjson');
  assert.ok(read.ok);
  assert.deepEqual([read.value.steps.length, read.value.end], [1, undefined]);
});

test('NODE_DEBUG=hxllm:route prints an event a line, with its decisions', async () => {
  const script = `
    import { routeTraceOf } from ${JSON.stringify(import.meta.resolve('../../src/gateway/route-trace.ts'))};
    const trace = routeTraceOf(process.env, () => undefined);
    trace.use({ strategy: 'fleet', longestQueue: 1, allowedFails: 1, cooldownMs: 1 });
    const rejection = { kind: 'reject', request: '7', reason: 'no-backend', retryAfterMs: 1000, loadMs: 0 };
    trace.routed({ kind: 'arrived', request: '7', queue: 'm', deployments: [], tried: [] }, [rejection], 12.34);
    trace.routed({ kind: 'ticked' }, [], 112);`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    env: { NODE_DEBUG: 'hxllm:route' },
  });
  assert.match(stderr, /^HXLLM:ROUTE \d+: 12\.3 ms arrived 7 for m: reject 7 \(no-backend\)$/m);
  assert.match(stderr, /^HXLLM:ROUTE \d+: 112\.0 ms ticked: nothing$/m);
});

test('a trace with trials and recalls is replayed: each request once', async (t) => {
  const path = join(await folder(t), 'route.ndjson');
  await using server = await startSlotted(1);
  process.env['HXLLM_ROUTE_TRACE'] = path;
  await using gateway = await startGateway([server]);
  delete process.env['HXLLM_ROUTE_TRACE'];
  const ask = (content: string, kind: string): Promise<Response> =>
    gateway.chat({ messages: [{ role: 'user', content }] }, { headers: { 'x-hxllm-class': kind } });
  const { fleet } = gateway.service().scheduler;
  const first = ask('a', 'interactive');
  await until('a has begun', () => fleet.backends.get(server.url)?.started === 1);
  const batch = ask('b', 'batch');
  await until('b is taken back', () => server.got.includes('left b'));
  server.end();
  assert.equal((await first).status, 200);
  await until('b runs', () => server.got.includes('runs b'));
  server.end();
  assert.equal((await batch).status, 200);
  await gateway.stop(1000, new AbortController().signal);
  const text = await readFile(path, 'utf8');
  assert.match(text, /"recall":/);
  assertTrace(text);
  const replayed = replay(text, path);
  assert.ok(replayed.ok);
  const { rows, otherFromLine } = replayed.value;
  assert.deepEqual(
    [rows[0]?.title, rows[0]?.score.requests, rows[0]?.score.served, otherFromLine],
    ['as it happened', 2, 100, undefined],
  );
});
