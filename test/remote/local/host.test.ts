import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createConnect } from '../../../src/remote/connect.ts';
import { until } from '../../until.ts';
import { PATIENT, problemOf, targetOf, valueOf } from '../target.ts';

const connect = createConnect({
  home: '/nonexistent',
  userName: 'nobody',
  environment: { PATH: process.env['PATH'], COLOUR: 'blue' },
});
const host = valueOf(await connect(targetOf({ connection: 'local', name: 'here' }), PATIENT.signal));
const bash = (script: string, ...rest: readonly string[]) => ['bash', '-c', script, 'test', ...rest];

/** The text of a file, as soon as the file exists. */
async function textOf(file: string): Promise<string> {
  await until(`${file} is there`, () => existsSync(file));
  return readFile(file, 'utf8');
}

/** Waits until no process has this id. */
async function untilGone(pid: number): Promise<void> {
  await until(`process ${String(pid)} is gone`, () => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });
}

test('a command gets arguments, input and environment, and returns output and exit code', async () => {
  const ran = valueOf(
    await host.run(
      { argv: bash('cat; printf "%s|%s" "$1" "$COLOUR"; echo oops >&2; exit 3', "it's $HOME"), stdin: 'größe\n' },
      PATIENT,
    ),
  );
  assert.deepEqual([ran.exitCode, ran.stdout, ran.stderr], [3, "größe\nit's $HOME|blue", 'oops\n']);
  assert.ok(ran.durationMs >= 0);
});

test('the exit code after a signal is 128 + its number; of a missing program 127', async () => {
  assert.equal(valueOf(await host.run({ argv: bash('kill -TERM $$') }, PATIENT)).exitCode, 143);
  const missing = valueOf(await host.run({ argv: ['hxllm-no-such-program'] }, PATIENT));
  assert.equal(missing.exitCode, 127);
  assert.match(missing.stderr, /hxllm-no-such-program/);
});

test('megabytes are streamed in and out intact, and a reader that stops early is no error', async () => {
  const chunk = new Uint8Array(65_536).fill(120);
  async function* source() {
    for (let index = 0; index < 64; index += 1) {
      await Promise.resolve();
      yield chunk;
    }
  }
  assert.equal(valueOf(await host.run({ argv: ['cat'], stdin: source() }, PATIENT)).stdout.length, 64 * 65_536);
  assert.equal(valueOf(await host.run({ argv: ['head', '-c', '5'], stdin: source() }, PATIENT)).stdout, 'xxxxx');
});

test('an input that fails ends the program and rejects', async () => {
  async function* source() {
    yield new Uint8Array([1]);
    await Promise.resolve();
    throw new Error('the disk is gone');
  }
  await assert.rejects(host.run({ argv: ['cat'], stdin: source() }, PATIENT), /the disk is gone/);
});

test('a command that times out is ended with all its children', async () => {
  const problem = problemOf(
    await host.run({ argv: bash('sleep 600 & wait') }, { signal: PATIENT.signal, timeoutMs: 200 }),
  );
  assert.equal(problem.code, 'host.timeout');
  assert.match(problem.summary, /^here: timed out after 0\.2 s while running a bash script$/);
});

test('an abort ends a whole process group, even one that ignores SIGTERM', { timeout: 120_000 }, async () => {
  const stop = new AbortController();
  const file = join(await mkdtemp(join(tmpdir(), 'hxllm-')), 'pids');
  const running = host.run(
    { argv: bash('trap "" TERM; sleep 600 & echo "$$ $!" >"$1.new"; mv "$1.new" "$1"; wait; sleep 600', file) },
    { signal: stop.signal, timeoutMs: 60_000 },
  );
  const pids = (await textOf(file)).split(' ').map(Number);
  assert.equal(pids.length, 2);
  stop.abort();
  assert.equal(problemOf(await running).code, 'host.aborted');
  await rm(dirname(file), { recursive: true });
  for (const pid of pids) await untilGone(pid);
  assert.equal(
    problemOf(await host.run({ argv: ['true'] }, { signal: stop.signal, timeoutMs: 1000 })).code,
    'host.aborted',
    'nothing starts after an abort',
  );
});

test('a forward on this machine is the address and the port itself', async () => {
  assert.equal(host.address, '127.0.0.1');
  const forward = valueOf(await host.forward('10.0.0.5', 4000));
  assert.deepEqual([forward.address, forward.port], ['10.0.0.5', 4000]);
  await forward.close();
  await host.close();
});
