import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { connect, type AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { test } from 'node:test';
import { ollamaDetailsQuestion, type BackendDetails } from '../../src/facts/ollama-details.ts';
import { ask } from '../../src/facts/ask.ts';
import type { Result } from '../../src/core/problem.ts';
import { createLocalHost } from '../../src/remote/local/host.ts';
import { certificateText } from '../certificates/certificates.ts';
import { startSim } from '../../src/sim/server.ts';

function asked(url: string, models: readonly string[]): Promise<BackendDetails | undefined> {
  const question = ollamaDetailsQuestion(url, models);
  return new Promise((resolve, reject) => {
    execFile(
      'bash',
      ['-c', question.script, 'hxllm', ...(question.arguments ?? [])],
      { env: { ...process.env, SHLVL: '1' } },
      (error, stdout) => {
        if (error !== null) reject(error);
        else resolve(question.parse({ stdout, exitCode: 0 }));
      },
    );
  });
}

test('the models in memory and num_ctx, weights and trained context of others are read without curl', async (t) => {
  const sim = await startSim({
    models: [
      { name: 'phi3:3.8b', numCtx: 8192, trainedContext: 131_072 },
      { name: 'llama3', trainedContext: 8192 },
    ],
  });
  t.after(() => sim.close());
  await fetch(`${sim.url}/api/generate`, { method: 'POST', body: JSON.stringify({ model: 'llama3', stream: false }) });
  const found = await asked(sim.url, ['phi3:3.8b', 'llama3', 'absent', 'no"t a name']);
  assert.deepEqual(
    found?.loaded.map(({ name }) => name),
    ['llama3:latest'],
  );
  assert.ok((found?.loaded[0]?.context ?? 0) > 0);
  assert.deepEqual(
    found?.shown.map(({ name, numCtx, trainedContext }) => [name, numCtx, trainedContext]),
    [
      ['phi3:3.8b', 8192, 131_072],
      ['llama3', undefined, 8192],
    ],
    'a model that the server has not, and a text that is no name, are left out',
  );
  assert.match(found?.shown[0]?.weights ?? '', /^\/.*\/blobs\/sha256-[0-9a-f]{64}$/);
});

/** A TLS server on the loopback that passes its bytes to the port of another. */
async function encrypted(port: number): Promise<{ readonly url: string; readonly close: () => void }> {
  const keys = { cert: certificateText('good.pem'), key: certificateText('good.key') };
  const server = createServer(keys, (socket) => {
    const plain = connect(port, '127.0.0.1');
    socket.on('error', () => plain.destroy()).pipe(plain);
    plain.on('error', () => socket.destroy()).pipe(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port: own } = server.address() as AddressInfo; // a TCP server that listens
  return { url: `https://localhost:${String(own)}`, close: () => server.close() };
}

test('over https they are read without any program of the host, on one connection', async (t) => {
  const sim = await startSim({
    models: [
      { name: 'phi3:3.8b', numCtx: 8192, trainedContext: 131_072 },
      { name: 'llama3', trainedContext: 8192 },
    ],
  });
  t.after(() => sim.close());
  await fetch(`${sim.url}/api/generate`, { method: 'POST', body: JSON.stringify({ model: 'llama3', stream: false }) });
  const server = await encrypted(Number(new URL(sim.url).port));
  t.after(server.close);
  const models = ['phi3:3.8b', 'absent', 'llama3', 'no"t a name'];
  // Neither curl nor openssl is there.
  const host = createLocalHost('here', { PATH: '/nowhere', SHLVL: '1' });
  const question = ollamaDetailsQuestion(server.url, models);
  const options = { become: 'none', signal: new AbortController().signal, timeoutMs: 30_000 } as const;
  const { details } = okOf(
    await ask({ ...host, run: () => Promise.resolve(NOTHING) }, { details: question }, 'n', options),
  );
  assert.ok(details.known, JSON.stringify(details));
  assert.deepEqual(details.value, await asked(sim.url, models));
  assert.equal(details.value?.shown.length, 2);
});

const NOTHING = { ok: true, value: { exitCode: 0, stdout: 'n:ended:0', stderr: '', durationMs: 1 } } as const;

function okOf<T>(result: Result<T>): T {
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

test('a server that does not answer has no details', async () => {
  assert.equal(await asked('http://127.0.0.1:1', ['phi3']), undefined);
});
