import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const BIN = join(import.meta.dirname, '../../bin/hxllm.js');

test(
  'Ctrl-C ends a run within two seconds while the name server does not answer',
  { skip: userInfo().uid === 0 ? false : 'only root can give a process a name server of its own' },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'hxllm-lookup-'));
    t.after(() => rm(folder, { recursive: true }));
    const server = createSocket('udp4');
    t.after(() => server.close());
    server.bind(53, '127.0.53.99');
    await once(server, 'listening');
    await mkdir(join(folder, 'inventories'));
    await writeFile(join(folder, 'inventories/dev.ini'), '[litellm]\nnowhere.example.net\n');
    await writeFile(join(folder, 'resolv.conf'), 'nameserver 127.0.53.99\n');
    const stage = `mount --bind ${folder}/resolv.conf /etc/resolv.conf && exec "$@"`;
    const argv = ['--mount', 'bash', '-c', stage, 'hxllm', process.execPath, BIN, 'preflight'];
    const child = spawn('unshare', argv, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    t.after(() => child.kill('SIGKILL'));
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await once(server, 'message', { signal: AbortSignal.timeout(30_000) });
    const fromMs = performance.now();
    child.kill('SIGINT');
    const [code, signal] = await once(child, 'exit', { signal: AbortSignal.timeout(30_000) });
    assert.ok(performance.now() - fromMs < 4000, `${String(Math.round(performance.now() - fromMs))} ms`);
    assert.deepEqual([code, signal], [null, 'SIGINT'], said);
  },
);
