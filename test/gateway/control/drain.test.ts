import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isObject } from '../../../src/core/json.ts';
import { runControl } from '../../../src/gateway/control/control-command.ts';
import { parseControl } from '../../../src/gateway/control/control-flags.ts';
import { inWords } from '../../../src/core/problem.ts';
import { startSim } from '../../../src/sim/server.ts';
import { KEY, until } from '../running.ts';
import { startHost, untilLogged, type Control, type Host } from './instances-stage.ts';

const AUTHORIZATION = { authorization: `Bearer ${KEY}`, connection: 'close' };

function config(urls: readonly string[], stateDir: string): object {
  return {
    model_list: urls.map((url) => ({
      model_name: 'm',
      litellm_params: { model: 'ollama_chat/m', api_base: url },
    })),
    general_settings: { master_key: KEY },
    hxllm: { state_dir: stateDir, backends: Object.fromEntries(urls.map((url) => [url, { num_parallel: 4 }])) },
  };
}

/** Sends a request; resolves with its status and the backend that has served it. */
async function ask(host: Host, tokens = 2): Promise<readonly [number, string | null]> {
  const response = await fetch(`${host.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { ...AUTHORIZATION, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', max_tokens: tokens, messages: [{ role: 'user', content: 'hello' }] }),
  });
  await response.text();
  return [response.status, response.headers.get('x-hxllm-backend')];
}

async function documentAt(host: Host, path: string): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${host.url}${path}`, { headers: AUTHORIZATION });
  const document: unknown = await response.json();
  assert.ok(isObject(document));
  return document;
}

/** As `gateway --control …` does it, without the time that a program takes to start. */
async function control(
  { runtimeFolder }: Host,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly document: Control; readonly err: string }> {
  const parsed = parseControl(['--control', ...args, '--runtime-dir', runtimeFolder], 'gateway');
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const { ok, document, problems } = await runControl(parsed.value);
  return { code: ok ? 0 : 1, document, err: problems.map(inWords).join('\n') };
}

async function twoSims() {
  const options = { models: [{ name: 'm', answerTokens: 400 }], numParallel: 4, loadMs: 20, tokenMs: 10 };
  return [await startSim(options), await startSim(options)] as const;
}

test('nothing new goes to a drained backend, its running request ends, and --wait returns then', async () => {
  const [one, two] = await twoSims();
  await using _sims = { [Symbol.asyncDispose]: async () => void (await Promise.all([one.close(), two.close()])) };
  await using host = await startHost();
  const file = await host.write('config.yaml', config([one.url, two.url], join(host.folder, 'state')));
  const gateway = host.launch('1', file);
  await untilLogged(gateway, 'listening');
  // A long answer on either server: the one that has it is drained.
  let ended = false;
  const long = ask(host, 400).then((answer) => {
    ended = true;
    return answer;
  });
  const busy = async (): Promise<string | undefined> => {
    const { document } = await control(host, 'backends');
    return document.backends?.find(({ in_flight: inFlight }) => Number(inFlight) > 0)?.['url'] as string | undefined;
  };
  let url: string | undefined;
  await until('a request runs', async () => (url = await busy()) !== undefined, 20_000);
  assert.ok(url !== undefined);
  const other = url === one.url ? two.url : one.url;
  const early = await control(host, 'drain', `${url}/`, '--wait', '--timeout', '0.2');
  assert.deepEqual([early.code, early.document.backend?.['idle'], ended], [1, false, false], JSON.stringify(early));
  assert.match(early.err, /is not idle yet[^]*It stays drained/);
  const waited = control(host, 'drain', url, '--wait');
  for (let count = 0; count < 4; count += 1) assert.deepEqual(await ask(host), [200, other]);
  const { code, document } = await waited;
  assert.deepEqual([code, document.backend?.['idle'], document.backend?.['drained'], ended], [0, true, true, true]);
  assert.deepEqual(await long, [200, url], 'the running request was not cut');

  const health = await documentAt(host, '/health');
  const backends = health['backends'] as readonly Readonly<Record<string, unknown>>[];
  assert.deepEqual(
    backends.map((backend) => [backend['backend'], backend['drained']]),
    [one.url, two.url].map((each) => [each, each === url ? true : undefined]),
  );
  const fleet = (await documentAt(host, '/fleet'))['servers'] as readonly Readonly<Record<string, unknown>>[];
  assert.equal(fleet.find((server) => server['url'] === url)?.['drained'], true);
  const metrics = await (await fetch(`${host.url}/metrics`, { headers: AUTHORIZATION })).text();
  assert.ok(new RegExp(`^hxllm_backend_drained\\{[^}]*backend="${url}"[^}]*\\} 1$`, 'm').test(metrics));

  // Both drained: clients are told so at once, and a backend that comes back serves.
  assert.equal((await control(host, 'drain', other)).code, 0);
  assert.equal((await ask(host))[0], 503);
  assert.equal((await control(host, 'undrain', url)).code, 0);
  assert.deepEqual(await ask(host), [200, url]);
});

test('a drain outlives a reload, another instance and a restart; an unknown URL and a damaged file are told', async () => {
  const [one, two] = await twoSims();
  await using _sims = { [Symbol.asyncDispose]: async () => void (await Promise.all([one.close(), two.close()])) };
  await using host = await startHost();
  const state = join(host.folder, 'state');
  const file = await host.write('config.yaml', config([one.url, two.url], state));
  const first = host.launch('1', file);
  await untilLogged(first, 'listening');
  // It has read the file before the drain.
  const second = host.launch('2', file);
  await untilLogged(second, 'standby');
  const wrong = await control(
    host,
    'drain',
    one.url.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)),
  );
  assert.equal(wrong.document.problem?.code, 'backend.unknown');
  assert.ok(wrong.err.includes(one.url) && wrong.code === 1, wrong.err);
  assert.equal((await control(host, 'drain', one.url)).code, 0);
  const onlyTwo = async (): Promise<void> => {
    for (let count = 0; count < 3; count += 1) assert.deepEqual(await ask(host), [200, two.url]);
  };
  await onlyTwo();
  first.kill('SIGHUP');
  await untilLogged(first, 'reloaded');
  await onlyTwo();
  assert.equal((await control(host, 'take-over', '--instance', '2')).code, 0);
  await first.ended();
  await onlyTwo();
  second.kill('SIGKILL');
  await second.ended();
  const third = host.launch('3', file);
  await untilLogged(third, 'listening');
  await onlyTwo();
  const { backends } = (await control(host, 'backends')).document;
  assert.deepEqual(
    backends?.map(({ url, drained, idle }) => [url, drained, idle]),
    [
      [one.url, true, true],
      [two.url, false, true],
    ],
  );
  // A folder that cannot be written: it holds, and the command says that it will not be kept.
  rmSync(state, { recursive: true });
  writeFileSync(state, '');
  const unkept = await control(host, 'undrain', one.url);
  assert.deepEqual([unkept.code, unkept.document.problem?.code], [1, 'state.not-written']);
  assert.equal((await control(host, 'backends')).document.backends?.[0]?.['drained'], false);
  assert.equal(readFileSync(state, 'utf8'), '');
});

test('without a gateway the command says what is missing', async () => {
  await using host = await startHost();
  const { code, err } = await host.control('drain', 'http://llm01:11434');
  assert.equal(code, 1);
  assert.match(err, /no gateway with a control socket runs/);
});
