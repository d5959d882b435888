import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secret } from '../../../src/core/secret.ts';
import { answersShortly, startFake as startUpstream, type FakeUpstream } from '../../gateway/fake-upstream.ts';
import { KEY as MASTER, startGateway, until, type Running } from '../../gateway/running.ts';
import { smokeAt } from './smoking.ts';

const BIN = join(import.meta.dirname, '../../../bin/hxllm.js');
const ALIAS = 'hxllm-smoke-1';
const CHECKS = ['keys.made', 'keys.limit-holds', 'keys.limit-told', 'keys.removed'] as const;

interface Real {
  readonly gateway: Running;
  readonly upstream: FakeUpstream;
  readonly end: () => Promise<void>;
}

async function startReal(): Promise<Real> {
  const state = mkdtempSync(join(tmpdir(), 'hxllm-smoke-keys-'));
  const upstream = await startUpstream();
  const gateway = await startGateway([upstream], { hxllm: { state_dir: state } });
  return {
    gateway,
    upstream,
    end: async () => {
      await gateway[Symbol.asyncDispose]();
      await upstream.kill();
      rmSync(state, { recursive: true });
    },
  };
}

const listed = async (gateway: Running): Promise<unknown> => {
  const answer = (await (await gateway.ask('/key/list')).json()) as { readonly keys: readonly unknown[] };
  return answer.keys;
};
const actions = ({ log }: Running): readonly unknown[] =>
  log.flatMap(({ event, action }) => (event === 'admin' ? [action] : []));

test('--keys sees a real gateway make a key, hold it to its limit and refuse it after its removal', async () => {
  const { gateway, end } = await startReal();
  try {
    const smoked = await smokeAt(gateway.url, {
      key: new Secret(MASTER),
      models: ['m'],
      keyAlias: ALIAS,
      withoutRamp: true,
    });
    for (const id of CHECKS) assert.equal(smoked.result(id).outcome, 'pass', JSON.stringify(smoked.result(id)));
    assert.match(smoked.result('keys.limit-told').seen, /retry-after (?:59|60) s/);
    assert.deepEqual(await listed(gateway), []);
    assert.deepEqual(actions(gateway), ['key/generate', 'key/delete']);
    const evidence = JSON.stringify([...smoked.files.values(), smoked.events]);
    assert.match(evidence, /key\/generate/);
    assert.doesNotMatch(evidence, /sk-hx-/);
  } finally {
    await end();
  }
});

test('Ctrl-C while a request with the key runs ends hxllm with 130, and the key is gone', async () => {
  const { gateway, upstream, end } = await startReal();
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-smoke-run-'));
  try {
    const keyFile = join(folder, 'key');
    writeFileSync(keyFile, `${MASTER}\n`);
    const args = [BIN, 'smoke', '--url', gateway.url, '--key-file', keyFile, '--keys', '--evidence-dir', folder];
    let held = 0;
    upstream.behave((got, outgoing) => {
      if (!actions(gateway).includes('key/generate')) return answersShortly('hello')(got, outgoing);
      held += 1;
      return undefined;
    });
    const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
    const exited = once(child, 'exit');
    await until('a request with the key is at the server', () => held > 0 || child.exitCode !== null);
    child.kill('SIGINT');
    assert.deepEqual(await exited, [130, null], JSON.stringify(gateway.log.slice(-5)));
    assert.deepEqual(await listed(gateway), []);
    assert.deepEqual(actions(gateway), ['key/generate', 'key/delete']);
  } finally {
    await end();
    rmSync(folder, { recursive: true });
  }
});
