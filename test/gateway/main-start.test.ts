import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startFake, streams } from './fake-upstream.ts';
import { until } from './running.ts';
import { MAIN, watch, start, addressOf, MASTER, configFolder } from './main-process.ts';

const { folder, write } = await configFolder();

test('--check prints its result and does not listen; it says the same as a start', async () => {
  const file = await write('check.yaml', MASTER);
  const run = start(['--check', '--config', file], { LITELLM_MASTER_KEY: 'sk-1' });
  assert.equal(await run.code, 0);
  assert.match(run.out, /check\.yaml is valid: 1 model on 1 backend\n/);
  const unset = start(['--check', '--config', file]);
  assert.equal(await unset.code, 78);
  assert.match(
    unset.err,
    /^error: .*check\.yaml:1:\d+: general_settings\.master_key \(config\.environment-unset\)\n.*LITELLM_MASTER_KEY/,
  );
});

test('an unset variable, no key on a public address, and an invalid file exit with 78 and one message', async () => {
  const rows: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
    [['--config', await write('unset.yaml', MASTER)], 78, /environment variable LITELLM_MASTER_KEY/],
    [
      ['--config', await write('open.yaml', {}), '--host', '0.0.0.0', '--port', '0'],
      78,
      /config\.exposed[^]*Expected a master key to listen on 0\.0\.0\.0/,
    ],
    [['--config', await write('bad.yaml', { model_list: [] })], 78, /model_list \(config\.missing\)/],
    [['--config', join(folder, 'nowhere.yaml')], 78, /no such file/],
    [
      ['--config', await write('address.yaml', {}), '--host', '127.0.0.1', '--port', '70000'],
      64,
      /Expected a port from 0 to 65535/,
    ],
    [['--cofnig', 'x'], 64, /cofnig/],
    [[], 64, /Expected --config FILE/],
  ];
  await Promise.all(
    rows.map(async ([args, code, message]) => {
      const run = start(args);
      assert.equal(await run.code, code, run.err);
      assert.match(run.err, message);
      assert.equal(run.err.match(/^error: /gm)?.length, 1, run.err);
      assert.match(run.err, /^ {2}fix: \S/m);
      assert.equal(run.out, '');
    }),
  );
});

test('a port in use is reported with its fix', async () => {
  await using other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const run = start(['--config', await write('taken.yaml', {}), '--port', String(port)]);
  assert.equal(await run.code, 78);
  assert.match(run.err, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${String(port)} \\(config\\.port-in-use\\)`));
  assert.match(run.err, /fix: ss -ltnp 'sport = :\d+' shows which; .*--port/);
});

test('without a key the gateway listens on loopback only, and says so', async () => {
  const run = start(['--config', await write('alone.yaml', { hxllm: { listen: '127.0.0.1:0' } })]);
  const address = await addressOf(run);
  assert.equal((await fetch(`http://${address}/v1/models`)).status, 200);
  await until('the warning is printed', () => run.err.endsWith('\n'));
  assert.match(run.err, /^warning: no master key: every user of this machine may use this gateway/m);
  run.child.kill('SIGINT');
  assert.equal(await run.code, 0);
});

test('sockets passed by systemd are used instead of an address, unless they are meant for another process', async () => {
  await using fake = await startFake(streams(['a', 'b', 'c', 'd'], 100));
  await using open = new AsyncDisposableStack();
  const begin = (): Server => open.use(createServer().listen(0, '127.0.0.1'));
  const listeners = [begin(), begin()];
  await Promise.all(listeners.map((listener) => once(listener, 'listening')));
  const file = await write('passed.yaml', { hxllm: { listen: '127.0.0.1:0' } }, fake.url);
  const ports = listeners.map((listener) => (listener.address() as AddressInfo).port);
  // The shell makes its own pid the gateway's, as systemd does.
  const script = 'LISTEN_PID=$$ LISTEN_FDS=2 exec "$0" "$@"';
  const run = watch(
    spawn('/bin/sh', ['-c', script, process.execPath, MAIN, '--config', file], {
      stdio: ['ignore', 'pipe', 'pipe', ...listeners.map(fdOf)],
    }),
  );
  await addressOf(run);
  await open.disposeAsync();
  assert.equal(
    readFileSync(`/proc/${String(run.child.pid)}/comm`, 'utf8'),
    'litellm\n',
    'the name that ps and systemctl status show',
  );
  const queues = spawnSync(
    'ss',
    ['-Hltn', ...ports.flatMap((port, index) => [...(index === 0 ? [] : ['or']), 'sport', '=', `:${String(port)}`])],
    { encoding: 'utf8' },
  );
  const most = Math.min(4096, Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')));
  if (queues.error === undefined)
    assert.deepEqual(
      queues.stdout
        .trim()
        .split('\n')
        .map((line) => Number(line.split(/\s+/)[2])),
      [most, most],
      'as many may wait as the unit says',
    );
  for (const port of ports)
    assert.equal(
      (await fetch(`http://127.0.0.1:${String(port)}/health/liveliness`, { headers: { connection: 'close' } })).status,
      200,
    );
  const streaming = await fetch(`http://127.0.0.1:${String(ports[1])}/v1/chat/completions`, {
    method: 'POST',
    headers: { connection: 'close' },
    body: '{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}',
  });
  run.child.kill('SIGTERM');
  await until('it is stopping', () => run.out.includes('"stopping"'));
  await assert.rejects(
    fetch(`http://127.0.0.1:${String(ports[1])}/health/liveliness`),
    'the second socket takes nothing new either',
  );
  assert.match(await streaming.text(), /"content":"d"[^]*\[DONE\]\n\n$/);
  assert.equal(await run.code, 0, run.err);
  // It stays open here, so that no other program gets its port.
  await using third = createServer().listen(0, '127.0.0.1');
  await once(third, 'listening');
  const other = watch(
    spawn(process.execPath, [MAIN, '--config', file], {
      env: { ...process.env, LISTEN_PID: '1', LISTEN_FDS: '1' },
      stdio: ['ignore', 'pipe', 'pipe', fdOf(third)],
    }),
  );
  assert.doesNotMatch(await addressOf(other), new RegExp(`:${String((third.address() as AddressInfo).port)}$`));
  other.child.kill('SIGTERM');
  assert.equal(await other.code, 0);
});

/** Node has no public name for the descriptor of a listener. */
function fdOf(listener: Server): number {
  const { _handle: handle } = listener as unknown as { _handle: { fd: number } };
  return handle.fd;
}
