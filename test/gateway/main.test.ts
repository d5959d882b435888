import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { DONE, piece, startFake } from './fake-upstream.ts';
import { until } from './running.ts';
import { start, addressOf, MASTER, configFolder } from './main-process.ts';

const KEY = 'sk-0123456789abcdef';

const { write } = await configFolder();

test('SIGTERM during a stream lets the stream finish and exits with 0', async () => {
  const isStopping = (): boolean => run.out.includes('"stopping"');
  await using fake = await startFake(async (_got, outgoing) => {
    outgoing.write(piece('a'));
    await until('it is stopping', isStopping, 30_000);
    outgoing.end(piece('d') + DONE);
  });
  const config = { ...MASTER, router_settings: { routing_strategy: 'least-busy' } };
  const run = start(['--config', await write('stop.yaml', config, fake.url), '--host', '127.0.0.1', '--port', '0'], {
    LITELLM_MASTER_KEY: KEY,
  });
  const address = await addressOf(run);
  const response = await fetch(`http://${address}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, connection: 'close' },
    body: '{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}',
  });
  run.child.kill('SIGTERM');
  assert.match(await response.text(), /"content":"d"[^]*\[DONE\]\n\n$/);
  assert.equal(await run.code, 0);
  assert.deepEqual(
    run.out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event),
    ['listening', 'stopping', 'request', 'stopped'],
  );
  assert.equal(run.err, '');
});

test('SIGHUP reads the file again; an invalid one is reported with its line and changes nothing', async () => {
  const file = await write('reload.yaml', MASTER);
  const run = start(['--config', file, '--port', '0'], { LITELLM_MASTER_KEY: KEY });
  const address = await addressOf(run);
  const models = async (): Promise<number> => {
    const response = await fetch(`http://${address}/v1/models`, {
      headers: { authorization: `Bearer ${KEY}`, connection: 'close' },
    });
    return ((await response.json()) as { data: unknown[] }).data.length;
  };
  run.err = '';
  await writeFile(file, '{"model_list": 7}');
  run.child.kill('SIGHUP');
  await until('the reload is refused', () => run.out.includes('"reload-refused"') && run.err !== '');
  assert.match(run.err, /^error: \S*reload\.yaml:1:2: model_list \(config\.wrong-value\)/);
  assert.equal(await models(), 1);
  await write('reload.yaml', { ...MASTER, router_settings: { model_group_alias: { other: 'm' } } });
  run.child.kill('SIGHUP');
  await until('the reload is done', () => run.out.includes('"reloaded"'));
  assert.equal(await models(), 2);
  assert.equal(run.err.includes('note:'), false, 'differences from LiteLLM are said at the start only');
  run.child.kill('SIGTERM');
  assert.equal(await run.code, 0);
});

test('a file that no reader can walk is refused by SIGHUP, and the process goes on', async () => {
  const file = await write('circle.yaml', MASTER);
  const text = await readFile(file, 'utf8');
  const run = start(['--config', file, '--port', '0'], { LITELLM_MASTER_KEY: KEY });
  const address = await addressOf(run);
  for (const circle of ['{"x": &a [*a]}', '{"model_list": &l [*l]}', `{"y": &b {"c": *b}, ${text.slice(1)}`]) {
    [run.out, run.err] = ['', ''];
    await writeFile(file, circle);
    run.child.kill('SIGHUP');
    await until('it is refused', () => run.out.includes('"reload-refused"') && run.err.endsWith('\n'));
    assert.match(
      run.err,
      /circle\.yaml.*\(config\.not-yaml\)\n {2}Expected YAML, found: an alias refers to the value/,
      circle,
    );
  }
  assert.equal((await fetch(`http://${address}/health/liveliness`, { headers: { connection: 'close' } })).status, 200);
  run.child.kill('SIGTERM');
  assert.equal(await run.code, 0);
});

test('requests are served after the reader of the log has gone', async () => {
  await using fake = await startFake();
  const run = start(['--config', await write('pipe.yaml', MASTER, fake.url), '--port', '0'], {
    LITELLM_MASTER_KEY: KEY,
  });
  const address = await addressOf(run);
  run.child.stdout?.destroy();
  run.child.stderr?.destroy();
  for (let request = 0; request < 5; request += 1) {
    const response = await fetch(`http://${address}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, connection: 'close' },
      body: '{"model":"m","messages":[{"role":"user","content":"hi"}]}',
    });
    assert.equal(response.status, 200);
    await response.text();
  }
  run.child.kill('SIGTERM');
  assert.equal(await run.code, 0);
});
