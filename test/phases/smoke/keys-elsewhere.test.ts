import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as sendRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Secret } from '../../../src/core/secret.ts';
import { answersShortly, startFake as startUpstream, type FakeUpstream } from '../../gateway/fake-upstream.ts';
import { KEY as MASTER, startGateway, until, type Running } from '../../gateway/running.ts';
import { smokeAt, type Smoked } from './smoking.ts';

const BIN = join(import.meta.dirname, '../../../bin/hxllm.js');
const CHECKS = ['keys.made', 'keys.limit-holds', 'keys.limit-told', 'keys.removed'] as const;

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-smoke-keys-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function startUp(t: TestContext, hxllm: object): Promise<{ upstream: FakeUpstream; gateway: Running }> {
  const upstream = await startUpstream();
  const gateway = await startGateway([upstream], { hxllm });
  t.after(async () => {
    await gateway[Symbol.asyncDispose]();
    await upstream.kill();
  });
  return { upstream, gateway };
}

const smokeWith = (url: string, key = MASTER): Promise<Smoked> =>
  smokeAt(url, { key: new Secret(key), models: ['m'], keyAlias: 'hxllm-smoke-1', withoutRamp: true });
const outcomes = ({ result }: Smoked): readonly string[] => CHECKS.map((id) => result(id).outcome);
const keysOf = async (gateway: Running): Promise<unknown> =>
  ((await (await gateway.ask('/key/list')).json()) as { readonly keys: unknown }).keys;

test('a gateway without a state folder is told apart: no key can be made, and none is there', async (t) => {
  const { gateway } = await startUp(t, {});
  const smoked = await smokeWith(gateway.url);
  assert.deepEqual(
    outcomes(smoked),
    ['fail', 'skip', 'skip', 'not-applicable'],
    JSON.stringify(CHECKS.map(smoked.result)),
  );
  const made = smoked.result('keys.made');
  assert.ok(made.outcome === 'fail');
  assert.match(made.seen, /501: the gateway has no folder/);
  assert.match(made.fix ?? '', /state_dir/);
});

test('a management key that may ask models makes, tries and removes the key as the master key does', async (t) => {
  const { gateway } = await startUp(t, { state_dir: newFolder(t) });
  const made = (await (
    await gateway.ask('/key/generate', {
      method: 'POST',
      body: JSON.stringify({ allowed_routes: ['llm_api_routes', 'management_routes'], key_alias: 'manager' }),
    })
  ).json()) as { readonly key: string };
  const smoked = await smokeWith(gateway.url, made.key);
  assert.deepEqual(outcomes(smoked), ['pass', 'pass', 'pass', 'pass'], JSON.stringify(CHECKS.map(smoked.result)));
  assert.equal(((await keysOf(gateway)) as readonly unknown[]).length, 1);
});

test('while an elder instance of the state folder still ends its streams, the key is made, limited and gone in both', async (t) => {
  const state = newFolder(t);
  const { gateway: elder, upstream } = await startUp(t, { state_dir: state });
  const { gateway: newer } = await startUp(t, { state_dir: state });
  upstream.behave(() => undefined);
  const open = elder.chat({ stream: true }).catch(() => undefined);
  await until('its stream is open', () => upstream.requests.length > 0);
  const stopped = elder.stop(60_000, new AbortController().signal);
  const smoked = await smokeWith(newer.url);
  assert.deepEqual(outcomes(smoked), ['pass', 'pass', 'pass', 'pass'], JSON.stringify(CHECKS.map(smoked.result)));
  assert.deepEqual(await keysOf(newer), []);
  await until('the elder has forgotten the key', () => elder.records.keys.size === 0);
  await upstream.kill();
  await Promise.all([open, stopped]);
});

/** A proxy before a gateway that calls `seen` with each request before it goes on. */
async function proxyTo(
  t: TestContext,
  gateway: Running,
  seen: (path: string, incoming: IncomingMessage) => void,
): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    seen(incoming.url ?? '', incoming);
    const { method, headers } = incoming;
    const onward = sendRequest(`${gateway.url}${incoming.url ?? ''}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    // A signal arrives before the answer.
    setTimeout(() => incoming.pipe(onward), 100);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

for (const step of ['/key/generate', '/key/delete', 'the last request']) {
  test(`Ctrl-C at ${step} leaves no key`, async (t) => {
    const folder = newFolder(t);
    const { gateway, upstream } = await startUp(t, { state_dir: newFolder(t) });
    upstream.behave(answersShortly('hello'));
    let isRemoved = false;
    const url = await proxyTo(t, gateway, (path) => {
      if (path === step || (isRemoved && path === '/v1/models')) child.kill('SIGINT');
      if (path === '/key/delete') isRemoved = step === 'the last request';
    });
    const keyFile = join(folder, 'key');
    writeFileSync(keyFile, `${MASTER}\n`);
    const args = [BIN, 'smoke', '--url', url, '--key-file', keyFile, '--keys', '--evidence-dir', folder];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
    assert.deepEqual(await once(child, 'exit'), [130, null]);
    assert.deepEqual(await keysOf(gateway), []);
    assert.ok(gateway.log.some(({ event, action }) => event === 'admin' && action === 'key/delete'));
  });
}
