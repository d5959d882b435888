import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Agent, request } from 'undici';
import { addressOf, configFolder, MASTER, start, type Run } from './main-process.ts';
import { until } from './running.ts';

const { folder, write } = await configFolder();
const CERTIFICATES = join(import.meta.dirname, '../certificates');
const ca = readFileSync(join(CERTIFICATES, 'ca.pem'), 'utf8');
const KEY = { LITELLM_MASTER_KEY: `sk-${'ab'.repeat(32)}` };
const [CERT, SECRET] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
const OWN = { ...MASTER, hxllm: { tls: { cert: CERT, key: SECRET } } };
const use = (name: string): void => {
  copyFileSync(join(CERTIFICATES, `${name}.pem`), CERT);
  copyFileSync(join(CERTIFICATES, `${name}.key`), SECRET);
};

async function alive(run: Run): Promise<number> {
  const agent = new Agent({ connect: { ca, servername: 'localhost' } });
  const { statusCode, body } = await request(`https://${await addressOf(run)}/health/liveliness`, {
    dispatcher: agent,
  });
  await body.dump();
  await agent.close();
  return statusCode;
}

test('LiteLLM’s flags, its variables and hxllm.tls make the gateway speak TLS', async () => {
  use('good');
  const listen = ['--host', '127.0.0.1', '--port', '0'];
  const bare = await write('bare.yaml', MASTER);
  const flags = ['--ssl_certfile_path', CERT, '--ssl_keyfile_path', SECRET];
  const runs = [
    start(['--config', bare, ...listen, ...flags], KEY),
    start(['--config', bare, ...listen], { ...KEY, SSL_CERTFILE_PATH: CERT, SSL_KEYFILE_PATH: SECRET }),
    start(['--config', await write('own.yaml', OWN), ...listen], KEY),
  ];
  for (const run of runs) assert.equal(await alive(run), 200, run.err);
});

test('a pair that does not fit refuses the start and the check with 78, the file and the fix', async () => {
  const tls = { cert: join(CERTIFICATES, 'good.pem'), key: join(CERTIFICATES, 'expired.key') };
  const file = await write('bad.yaml', { ...MASTER, hxllm: { tls } });
  for (const more of [['--check'], []]) {
    const run = start(['--config', file, ...more], KEY);
    assert.equal(await run.code, 78, run.out);
    assert.match(run.err, /expired\.key[^]*does not belong to the certificate[^]*fix: openssl/);
  }
});

test('a reload reads the pair again; a wrong one refuses the reload, and TLS that begins or ends waits for a restart', async () => {
  use('good');
  const file = await write('reload.yaml', OWN);
  const run = start(['--config', file, '--host', '127.0.0.1', '--port', '0'], KEY);
  assert.equal(await alive(run), 200);
  const count = (event: string): number => run.out.split(`"event":"${event}"`).length - 1;
  copyFileSync(join(CERTIFICATES, 'expired.pem'), CERT);
  run.child.kill('SIGHUP');
  await until('the reload is refused', () => count('reload-refused') === 1);
  assert.match(run.err, /does not belong to the certificate/);
  assert.equal(await alive(run), 200);
  use('leaf');
  run.child.kill('SIGHUP');
  await until('it is reloaded', () => count('reloaded') === 1);
  assert.equal(await alive(run), 200);
  await write('reload.yaml', MASTER);
  run.child.kill('SIGHUP');
  await until('it is reloaded again', () => count('reloaded') === 2);
  assert.match(run.err, /hxllm\.tls is gone; that takes a restart/);
  assert.match(run.out, /"restart_needed":\["hxllm\.tls"\]/);
  assert.equal(await alive(run), 200);
});

test('sockets that systemd passes speak TLS too', async () => {
  use('good');
  const file = await write('passed.yaml', OWN);
  // systemd-socket-activate(1) listens and starts the program with the first connection. This one lets go of its own copy at once: it would take
  // connections too.
  const program = `import net from 'node:net'; import { spawn } from 'node:child_process';
const server = net.createServer({ pauseOnConnect: true });
server.listen(0, '127.0.0.1', () => {
  const child = spawn('/bin/sh', ['-c', 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"', process.execPath, ...process.argv.slice(1)], { stdio: ['ignore', 'inherit', 'inherit', server._handle.fd] });
  server.close();
  child.on('exit', () => process.exit());
  process.on('SIGTERM', () => child.kill('SIGKILL'));
});`;
  const { MAIN, watch } = await import('./main-process.ts');
  const run = watch(
    spawn(process.execPath, ['--input-type=module', '-e', program, '--', MAIN, '--config', file], {
      env: { ...process.env, ...KEY },
    }),
  );
  try {
    assert.equal(await alive(run), 200, run.err);
  } finally {
    run.child.kill('SIGTERM');
    await run.code;
  }
});
