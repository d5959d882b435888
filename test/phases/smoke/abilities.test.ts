import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsPhase } from '../../../src/core/verdict.ts';
import type { SmokeTarget } from '../../../src/phases/smoke/target.ts';
import { json, startFake, type Answer, type Seen } from './fake-server.ts';
import { FOREIGN, smokeAt, type Smoked } from './smoking.ts';

const [ONE, TWO] = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];
const ALIAS = 'phi3-3.8b';

interface Planted {
  readonly paths?: Readonly<Record<string, object>>;
  readonly bend?: (seen: Seen, answer: Answer) => Answer;
  readonly health?: object;
  readonly wanted?: Partial<SmokeTarget>;
}

async function smoked({ wanted = {}, ...planted }: Planted): Promise<Smoked> {
  await using server = await startFake({ models: [ALIAS], backends: [ONE, TWO], ...planted });
  return await smokeAt(server.url, wanted);
}

/** The checks that did not pass and do apply, with the phase's failures first. */
function faults({ report }: Smoked): readonly string[] {
  const own = report.results.filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown');
  return [...own.filter(failsPhase), ...own.filter((result) => !failsPhase(result))].map(({ id }) => id);
}

const info = (more: object, params: object = {}): Readonly<Record<string, object>> => ({
  '/model/info': {
    data: [{ model_name: ALIAS, litellm_params: params, model_info: { mode: 'chat', ...more } }],
  },
});
const message = (content: object): Answer =>
  json(200, {
    object: 'chat.completion',
    model: ALIAS,
    choices: [{ index: 0, message: { role: 'assistant', ...content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
  });
const called = (name: string, text: string): Answer =>
  message({ content: null, tool_calls: [{ id: 'c', type: 'function', function: { name, arguments: text } }] });
const ifTools =
  (give: Answer) =>
  (seen: Seen, answer: Answer): Answer =>
    seen.body['tools'] === undefined ? answer : give;

test('tools and images are asked where the alias says that it can, and nowhere else', async () => {
  const able = info({ supports_function_calling: true, supports_vision: true });
  const good = await smoked({ paths: able, bend: ifTools(called('get_weather', '{"city":"Paris"}')) });
  assert.deepEqual(faults(good), []);
  assert.deepEqual([good.result('abilities.tools').seen, good.result('abilities.vision').seen], [ALIAS, ALIAS]);
  const rows: readonly (readonly [Answer, RegExp])[] = [
    [message({ content: 'It is sunny.' }), /in words instead of calling/],
    [called('get_time', '{}'), /it called "get_time"/],
    [called('get_weather', 'Paris'), /no JSON object/],
    [json(500, { error: { message: 'no template' } }), /500: no template/],
  ];
  for (const [answer, seen] of rows) {
    const bad = await smoked({ paths: able, bend: ifTools(answer) });
    assert.deepEqual(faults(bad), ['abilities.tools']);
    assert.match(bad.result('abilities.tools').seen, seen);
    assert.equal(bad.report.ending, 'passed', 'a warning');
  }
  const blind = await smoked({
    paths: able,
    bend: (seen, answer) => {
      if (JSON.stringify(seen.body).includes('image_url')) return json(400, { error: { message: 'no images' } });
      return ifTools(called('get_weather', '{}'))(seen, answer);
    },
  });
  assert.deepEqual(faults(blind), ['abilities.vision']);
  const unable = await smoked({ paths: info({ supports_function_calling: false, supports_vision: false }) });
  for (const id of ['abilities.tools', 'abilities.vision']) assert.equal(unable.result(id).outcome, 'not-applicable');
});

test('each dialect is asked once; its fault fails hxllm’s gateway, and a server without it is no fault', async () => {
  const without =
    (path: string) =>
    (seen: Seen, answer: Answer): Answer =>
      seen.path === path ? json(404, { error: { message: 'not found' } }) : answer;
  for (const [path, id] of [
    ['/v1/messages', 'dialects.anthropic'],
    ['/api/chat', 'dialects.ollama'],
  ] as const) {
    assert.deepEqual(faults(await smoked({ bend: without(path) })), [id]);
    const foreign = await smoked({ bend: without(path), wanted: FOREIGN });
    assert.deepEqual([foreign.result(id).outcome, faults(foreign)], ['not-applicable', []]);
    const wrong = await smoked({ paths: { [path]: { type: 'message', done: true } } });
    assert.deepEqual(faults(wrong), [id]);
  }
});

test('a context below 8,192 tokens is a warning with its cause and its setting', async () => {
  const rows: readonly (readonly [Readonly<Record<string, object>>, RegExp, RegExp])[] = [
    [
      info({ max_input_tokens: 131_072 }, { num_ctx: 4096 }),
      /^phi3-3\.8b: num_ctx is 4096$/,
      /^num_ctx: 16384  # of phi3/,
    ],
    [info({ max_input_tokens: 2048 }), /its model was trained for 2048$/, /^hxllm inventory --scan/],
    // As hxllm's gateway answers: the context of now, the stated one and that of the training.
    [
      info({ max_input_tokens: 4096, stated_context: 4096, trained_context: 131_072 }, { num_ctx: 4096 }),
      /: num_ctx is 4096$/,
      /^num_ctx: 16384  # of phi3/,
    ],
    [
      info({ max_input_tokens: 2048, stated_context: 2048, trained_context: 8192 }),
      /: num_ctx is 2048$/,
      /^num_ctx: 8192  # of phi3/,
    ],
    [
      info({ max_input_tokens: 4096, stated_context: null, trained_context: 4096 }),
      /its model was trained for 4096$/,
      /^hxllm inventory --scan/,
    ],
    // A model that was trained for less than it is told to take.
    [info({ max_input_tokens: 2048 }, { num_ctx: 4096 }), /its model was trained for 2048$/, /^hxllm inventory --scan/],
    // The advice is not beyond what the model was trained for.
    [info({ max_input_tokens: 10_000 }, { num_ctx: 4096 }), /: num_ctx is 4096$/, /^num_ctx: 10000  # of phi3/],
  ];
  for (const [paths, seen, fix] of rows) {
    const small = await smoked({ paths: paths });
    assert.deepEqual(faults(small), ['prompts.room']);
    assert.equal(small.report.ending, 'passed');
    const result = small.result('prompts.room');
    assert.match(result.seen, seen);
    assert.match(result.fix ?? '', fix);
    assert.match(result.wanted ?? '', /Open WebUI’s tools and coding agents/);
  }
  // Ollama loads a model with a short context, which grows with the prompts.
  const growing = info({ max_input_tokens: 4096, stated_context: null, trained_context: 131_072 });
  assert.deepEqual(faults(await smoked({ paths: growing })), []);
  const enough = await smoked({ paths: info({ max_input_tokens: 8192 }) });
  assert.deepEqual(
    [enough.result('prompts.room').outcome, enough.result('prompts.room').measured?.value],
    ['pass', 8192],
  );
  const vectors = await smoked({ paths: info({ mode: 'embedding', max_input_tokens: 512 }) });
  assert.equal(vectors.result('prompts.room').outcome, 'not-applicable');
});

test('a plain Ollama tells the facts of its model by /api/show', async () => {
  const shown = {
    capabilities: ['completion'],
    model_info: { 'llama.context_length': 131_072 },
    parameters: 'num_ctx 4096',
  };
  const bend = (seen: Seen, answer: Answer): Answer => (seen.path === '/model/info' ? json(404, {}) : answer);
  const { result } = await smoked({ paths: { '/api/show': shown }, bend, wanted: FOREIGN });
  assert.match(result('prompts.room').seen, /num_ctx is 4096$/);
  assert.equal(result('abilities.tools').outcome, 'not-applicable');
});

const listed = (servers: readonly string[]): object => ({
  healthy_endpoints: servers.map((url) => ({ model_name: ALIAS, model: 'phi3', api_base: `${url}/` })),
  unhealthy_endpoints: [],
  backends: [],
});
const OURS = { models: [ALIAS], backends: [ONE, TWO] };

test('an alias that the gateway has on other servers than the configuration fails, lopsided or stale', async () => {
  assert.deepEqual(faults(await smoked({ health: listed([ONE, TWO]), wanted: OURS })), []);
  const lopsided = await smoked({ health: listed([ONE]), wanted: OURS });
  assert.deepEqual(faults(lopsided), ['backends.configured']);
  assert.equal(lopsided.result('backends.configured').seen, `${ALIAS} is not on ${TWO}`);
  const stale = await smoked({ health: listed([ONE, TWO]), wanted: { ...OURS, placement: new Map([[ALIAS, [ONE]]]) } });
  assert.match(stale.result('backends.configured').seen, new RegExp(`${ALIAS} is on ${TWO}$`));
});

test('a server that is much slower than another one with the same model is a warning that names it', async () => {
  const fleet = (slow: number): Readonly<Record<string, object>> => ({
    '/fleet': {
      servers: [ONE, TWO].map((url, index) => ({
        url,
        models: [{ model: 'phi3', rates: { decode: index === 0 ? 90 : slow } }],
      })),
    },
  });
  assert.deepEqual(faults(await smoked({ paths: fleet(80), wanted: OURS })), []);
  const slow = await smoked({ paths: fleet(9), wanted: OURS });
  assert.deepEqual(faults(slow), ['backends.even-speed']);
  assert.equal(slow.result('backends.even-speed').measured?.value, 10);
  assert.equal(slow.result('backends.even-speed').fix, `hxllm backend drain ${TWO}`);
});

test('a server that writes fewer tokens a second than the limit fails by its number', async () => {
  const bend = (slowMs: number) => (seen: Seen, answer: Answer) => {
    const decodeMs = seen.named === TWO ? slowMs : 10;
    return seen.path === '/v1/chat/completions' && answer.status === 200
      ? { ...answer, headers: { ...answer.headers, 'server-timing': `queue;dur=0, decode;dur=${String(decodeMs)}` } }
      : answer;
  };
  assert.deepEqual(faults(await smoked({ bend: bend(900), wanted: OURS })), []);
  const slow = await smoked({ bend: bend(32_000), wanted: OURS });
  assert.deepEqual(faults(slow), ['backends.fast-enough']);
  assert.deepEqual(slow.result('backends.fast-enough').measured, { value: 0.5, unit: 'tokens/s', limit: 1 });
  assert.match(slow.result('backends.fast-enough').wanted ?? '', new RegExp(`${TWO} \\(litellm_smoke_tokens_per_s`));
});

test('a server that says nothing of one model is asked for it by name, and 404 means that it lacks it', async () => {
  const entry = (alias: string, server: string, told: boolean): object => ({
    model_name: alias,
    litellm_params: { api_base: server },
    model_info: { mode: 'chat', supports_tool_choice: told ? false : null },
  });
  const paths = (told: boolean): Readonly<Record<string, object>> => ({
    '/model/info': {
      data: [
        entry(ALIAS, ONE, true),
        entry(ALIAS, `${TWO}/`, told),
        entry('other', ONE, true),
        entry('other', TWO, true),
      ],
    },
  });
  const wanted = { ...OURS, models: [ALIAS, 'other'] };
  const lacking = (seen: Seen, answer: Answer): Answer =>
    seen.named === TWO && seen.body['model'] === ALIAS ? json(404, { error: { message: 'no such model' } }) : answer;
  const asked = { paths: paths(false), wanted };
  await using server = await startFake({ models: [ALIAS, 'other'], backends: [ONE, TWO], ...asked, bend: lacking });
  const bad = await smokeAt(server.url, {
    ...wanted,
    placement: new Map([
      [ALIAS, [ONE]],
      ['other', [ONE, TWO]],
    ]),
  });
  assert.deepEqual(faults(bad), ['backends.have-models']);
  assert.equal(bad.result('backends.have-models').seen, `${ALIAS} of ${TWO}: 404: no such model`);
  await using slow = await startFake({ models: [ALIAS, 'other'], backends: [ONE, TWO], ...asked });
  assert.deepEqual(faults(await smokeAt(slow.url, wanted)), []);
  await using good = await startFake({ models: [ALIAS, 'other'], backends: [ONE, TWO], paths: paths(true) });
  await smokeAt(good.url, wanted);
  const named = good.requests.filter((seen) => seen.named === TWO);
  assert.equal(named.length, 1);
});
