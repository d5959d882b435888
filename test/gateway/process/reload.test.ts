import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { reload } from '../../../src/gateway/process/reload.ts';
import { answersShortly, DONE, fails, piece, startFake, streams, type FakeUpstream } from '../fake-upstream.ts';
import { KEY, startGateway, textOf, until, untilListed, type Running } from '../running.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hxllm-reload-'));
});
after(() => rm(folder, { recursive: true }));

interface Told {
  readonly done: boolean;
  readonly text: string;
}

/** Reloads a running gateway from a file with this text. */
async function reloadFrom(
  gateway: Running,
  text: string,
  options: { readonly host?: string; readonly moves?: boolean } = {},
): Promise<Told> {
  const file = join(folder, 'config.yaml');
  await writeFile(file, text);
  let printed = '';
  const tell = (more: string): void => {
    printed += more;
  };
  const addresses = [{ host: options.host ?? '127.0.0.1', port: gateway.port }];
  const done = await reload({
    file,
    environment: {},
    gateway,
    addresses,
    wouldMove: () => options.moves ?? false,
    stateDir: undefined,
    log: (entry) => gateway.entries.push(entry),
    tell,
  });
  return { done, text: printed };
}

function configOf(backends: readonly FakeUpstream[], more: object = {}): string {
  return JSON.stringify({
    model_list: backends.map(({ url }) => ({
      model_name: 'm',
      litellm_params: { model: 'ollama_chat/m', api_base: url },
    })),
    general_settings: { master_key: KEY },
    ...more,
  });
}

test('after a reload new requests use the new file, and running requests keep the old one', async () => {
  const { promise: reloaded, resolve: letGo } = Promise.withResolvers<void>();
  await using old = await startFake(async (_got, outgoing) => {
    outgoing.write(piece('a'));
    await reloaded;
    outgoing.end(piece('b') + piece('c') + DONE);
  });
  await using next = await startFake(answersShortly('new'));
  await using gateway = await startGateway([old]);
  const stream = await gateway.chat({ stream: true });
  assert.deepEqual(await reloadFrom(gateway, configOf([next])), { done: true, text: '' });
  assert.equal(gateway.service().scheduler.inFlight, 1, 'running requests stay counted');
  assert.equal(await textOf(await gateway.chat()), 'new');
  letGo();
  assert.match(await stream.text(), /"content":"c"[^]*\[DONE\]\n\n$/);
  await until('the old server has no lease', () => gateway.service().scheduler.inFlight === 0);
  assert.deepEqual([old.requests.length, next.requests.length], [1, 1]);
  assert.partialDeepStrictEqual(
    gateway.log.find(({ event }) => event === 'reloaded'),
    { models: 1, backends: 1 },
  );
});

test('reloads under load lose no request and count each once', async () => {
  await using one = await startFake(streams(['a', 'b'], 5));
  await using two = await startFake(streams(['a', 'b'], 5));
  await using gateway = await startGateway([one, two]);
  let left = 60;
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      assert.equal(await textOf(await gateway.chat()), 'ab');
    }
  };
  const clients = Array.from({ length: 6 }, client);
  for (const backends of [[one], [two, one], [two], [one, two]]) {
    const asked = one.requests.length + two.requests.length;
    await until(
      'three more requests are sent',
      () => left <= 0 || one.requests.length + two.requests.length > asked + 3,
    );
    // Other time limits need other connections.
    assert.equal(
      (await reloadFrom(gateway, configOf(backends, { hxllm: { timeouts: { connect: backends.length } } }))).done,
      true,
    );
  }
  await Promise.all(clients);
  assert.equal(gateway.service().scheduler.inFlight, 0);
  assert.deepEqual(
    gateway.ended().filter(({ status, attempts }) => status !== 200 || attempts !== 1),
    [],
  );
});

test('an invalid file changes nothing, and is reported with its line', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const before_ = gateway.service();
  const good = `model_list:\n  - model_name: m\n    litellm_params:\n      model: ollama_chat/m\n      api_base: ${fake.url}\n`;
  const rows: readonly (readonly [text: string, wanted: RegExp, host?: string])[] = [
    [`${good}hxllm:\n  max_queue: -1\n`, /config\.yaml:7:3: hxllm\.max_queue \(config\.wrong-value\)/],
    ['model_list: [', /config\.yaml:1:\d+: this is not YAML/],
    [
      `${good}general_settings:\n  master_key: os.environ/ANOTHER_KEY\n`,
      /:7:3: general_settings\.master_key \(config\.environment-unset\)[^]*ANOTHER_KEY[^]*note: the environment of a running gateway does not change.*restart/,
    ],
    [good, /config\.exposed[^]*Expected a master key to listen on 0\.0\.0\.0/, '0.0.0.0'],
  ];
  for (const [text, wanted, host] of rows) {
    const { done, text: printed } = await reloadFrom(gateway, text, host === undefined ? {} : { host });
    assert.equal(done, false);
    assert.match(printed, wanted);
  }
  assert.equal(gateway.service(), before_);
  const refusals = gateway.log.filter(({ event }) => event === 'reload-refused');
  assert.equal(refusals.length, rows.length);
  assert.match(JSON.stringify(refusals[0]), /"at":"[^"]*config\.yaml:7:3"/);
  assert.equal(await textOf(await gateway.chat()), 'hello');
});

test('changes that need a restart are named; the other changes apply at once', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const { done, text } = await reloadFrom(
    gateway,
    configOf([fake], { hxllm: { listen: '127.0.0.1:1', state_dir: '/var/lib/x', strict: true } }),
    { moves: true },
  );
  assert.equal(done, true);
  assert.match(text, /^warning: hxllm\.listen has changed; that takes a restart/);
  assert.partialDeepStrictEqual(gateway.log.at(-1), {
    event: 'reloaded',
    restart_needed: ['hxllm.listen', 'hxllm.state_dir'],
  });
  assert.match(text, /^warning: hxllm\.state_dir has changed; that takes a restart/m);
  assert.equal((await gateway.chat({ logit_bias: { 1: 2 } })).status, 400, 'strict holds');
});

test('a backend that was down is still down after a reload, and is probed', async () => {
  await using dead = await startFake();
  await using alive = await startFake();
  await using gateway = await startGateway([dead, alive]);
  await untilListed(gateway);
  await dead.kill();
  for (let turn = 0; turn < 2; turn += 1) assert.equal((await gateway.chat()).status, 200);
  assert.ok(
    gateway.log.some(({ event }) => event === 'backend-down'),
    'the dead one is found out',
  );
  await reloadFrom(gateway, configOf([dead, alive]));
  await using back = await startFake(answersShortly('back'), dead.port);
  await until('the backend is up', () => gateway.log.some(({ event }) => event === 'backend-up'), 8000);
  assert.equal(back.url, dead.url);
});

test(
  'a waiting request still gets its model loaded after the model is removed from the file',
  { timeout: 10_000 },
  async () => {
    let fail = (): void => {};
    const failing = new Promise<void>((resolve) => {
      fail = resolve;
    });
    await using fake = await startFake(async (got, outgoing) => {
      await failing;
      await fails(500, 'model runner has unexpectedly stopped')(got, outgoing);
    });
    const more = { hxllm: { backends: { [fake.url]: { num_parallel: 1 } } }, router_settings: { num_retries: 0 } };
    await using gateway = await startGateway([fake], more);
    await until(
      'it is known to be in memory',
      () => gateway.service().scheduler.fleet.backends.get(fake.url)?.listed !== undefined,
    );
    const first = gateway.chat();
    await until('the only slot is in use', () => fake.requests.length === 1);
    const second = gateway.chat();
    await until('another waits', () => gateway.service().scheduler.waiting === 1);
    const text = JSON.stringify({
      model_list: [{ model_name: 'n', litellm_params: { model: 'ollama_chat/n', api_base: fake.url } }],
      general_settings: { master_key: KEY },
      ...more,
    });
    assert.equal((await reloadFrom(gateway, text)).done, true);
    fake.behave(answersShortly('here'));
    fail();
    assert.equal((await first).status, 502);
    assert.equal(await textOf(await second), 'here');
  },
);

test('an error of the gateway in a reload is reported, and the gateway goes on as it was', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const broken: Running = {
    ...gateway,
    reload: () => {
      throw new TypeError('planted');
    },
  };
  const { done, text } = await reloadFrom(broken, configOf([fake]));
  assert.equal(done, false);
  assert.match(text, /^error: the reload failed; this is a bug in hxllm: TypeError: planted/);
  assert.equal(gateway.log.at(-1)?.['event'], 'reload-refused');
  assert.equal((await gateway.chat()).status, 200);
});

test('a reload reads included files again, and refuses one that is gone with the line that names it', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const root = JSON.stringify({ include: ['models.yaml'], general_settings: { master_key: KEY } });
  const models = join(folder, 'models.yaml');
  const entry = (name: string): string =>
    JSON.stringify({
      model_list: [{ model_name: name, litellm_params: { model: 'ollama_chat/m', api_base: fake.url } }],
    });
  await writeFile(models, entry('one'));
  assert.equal((await reloadFrom(gateway, root)).done, true);
  assert.equal((await gateway.chat({ model: 'one' })).status, 200);
  await writeFile(models, entry('two'));
  assert.equal((await reloadFrom(gateway, root)).done, true);
  assert.deepEqual(
    [(await gateway.chat({ model: 'one' })).status, (await gateway.chat({ model: 'two' })).status],
    [404, 200],
  );
  await rm(models);
  const { done, text } = await reloadFrom(gateway, root);
  assert.equal(done, false);
  assert.match(text, /config\.yaml:1:\d+: the included file .*models\.yaml cannot be read/);
  assert.equal((await gateway.chat({ model: 'two' })).status, 200, 'the configuration before it stays');
});
