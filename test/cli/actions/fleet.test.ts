import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { showFleet } from '../../../src/cli/actions/fleet.ts';
import { fleetDocumentSchema } from '../../../src/schema/fleet-document.ts';
import { assertValid } from '../../json-schema.ts';
import { NOWHERE } from '../../gateway/fake-upstream.ts';
import { KEY, startGateway } from '../../gateway/running.ts';
import { fakeTerminal, type FakeOptions } from '../fake-terminal.ts';

function folderWithKey(t: TestContext, key = KEY): string {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'key'), `${key}\n`);
  return folder;
}

/** A server that answers every request so. */
async function serverWith(t: TestContext, status: number, body: string): Promise<string> {
  const server = createServer((_incoming, outgoing) => outgoing.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return `http://127.0.0.1:${String(address.port)}`;
}

async function closedServer(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${String(address.port)}`;
}

async function run(
  url: string,
  cwd: string,
  more: object = {},
  options: FakeOptions = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const terminal = fakeTerminal({ cwd, environment: { NO_COLOR: '1' }, ...options });
  const code = await showFleet(terminal, { url, keyFile: 'key', ...more });
  return { code, ...terminal.written };
}

test('hxllm fleet shows a running gateway: as a picture, in a pipe also with --watch, and as its document', async (t) => {
  await using gateway = await startGateway([{ url: NOWHERE[0] }]);
  const folder = folderWithKey(t);
  const base = `${gateway.url}/v1/`;
  for (const more of [{}, { watch: true }]) {
    const { code, out, err } = await run(base, folder, more);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^http:\/\/127\.0\.0\.1:\d+ \d\d:\d\d:\d\d UTC strategy fleet\n1 server, /);
    assert.match(out, /\nSERVER +USED +STATE +DETAILS\n127\.0\.0\.1/);
    assert.ok(!out.includes('\u001B'));
  }
  const { code, out } = await run(base, folder, { json: true });
  assert.equal(code, 0);
  assertValid(fleetDocumentSchema(), JSON.parse(out));
});

/** A document of `GET /fleet` with other parts; parts that are `undefined` are missing. */
function documentWith(parts: Readonly<Record<string, unknown>>): string {
  const at = '2026-11-30T00:00:00.000Z';
  const none = { in_flight: 0, waiting: 0, servers: [], servers_left_out: 0, aliases: [], aliases_left_out: 0 };
  return JSON.stringify({ schema_version: 1, at, strategy: 'fleet', ...none, ...parts });
}

test('a document with parts that this hxllm does not know is shown', async (t) => {
  const { code, out } = await run(await serverWith(t, 200, documentWith({ more: 1 })), folderWithKey(t));
  assert.equal(code, 0);
  assert.match(out, /0 servers, 0 in flight/);
});

test('errors say what was expected, what was found, and the command that fixes it', async (t) => {
  await using gateway = await startGateway([{ url: NOWHERE[0] }]);
  const folder = folderWithKey(t, 'sk-wrong-wrong-wrong');
  const right = folderWithKey(t);
  for (const [url, cwd, code, pattern] of [
    [
      gateway.url,
      folder,
      77,
      /another key.*Expected the master key of http.* refuses \(401\).*fix +hxllm fleet --url/s,
    ],
    [
      await closedServer(),
      right,
      69,
      /does not answer.*Expected a running gateway there, found ECONNREFUSED.*fix +curl /s,
    ],
    [
      await serverWith(t, 404, '{"detail":"Not Found"}'),
      right,
      1,
      /no \/fleet.*found 404 for GET \/fleet: it is older.*fix/s,
    ],
    [await serverWith(t, 200, '<html>'), right, 1, /no hxllm gateway answers.*found a page of 6 characters.*fix/s],
    [
      await serverWith(t, 200, '{"schema_version":2,"servers":[],"aliases":[]}'),
      right,
      1,
      /different versions.*Expected version 1 .*found 2.*fix +npm/s,
    ],
    [
      await serverWith(t, 200, documentWith({ servers: [{ url: 'http://a' }] })),
      right,
      1,
      /different builds.*found another servers\[0\]\.state\..*fix +curl/s,
    ],
    [await serverWith(t, 200, documentWith({ aliases: [7] })), right, 1, /found another aliases\[0\]\./s],
    [await serverWith(t, 200, documentWith({ servers_left_out: undefined })), right, 1, /another servers_left_out\./s],
    [await serverWith(t, 200, documentWith({ at: 'noon' })), right, 1, /found another at\./s],
    [await serverWith(t, 502, 'bad\u001B[2J gateway'), right, 1, /found status 502: bad gateway.*fix/s],
    ['ftp://x', right, 64, /not an HTTP URL.*found "ftp:\/\/…".*fix/s],
    ['http://me:secret@host:4000', right, 64, /with credentials in it/s],
  ] as const) {
    const { code: found, out, err } = await run(url, cwd);
    assert.equal(found, code, `${url}: ${err}`);
    assert.match(err.replaceAll(/\n +/g, ' '), pattern);
    assert.equal(out, '');
    assert.ok(!err.includes('\u001B'));
    assert.doesNotMatch(err, /sk-wrong|secret/);
  }
});

test('--watch draws on a screen of its own and gives the terminal back', async (t) => {
  await using gateway = await startGateway([{ url: NOWHERE[0] }]);
  const watching = run(gateway.url, folderWithKey(t), { watch: true }, { isTty: true, columns: 40, rows: 16 });
  setTimeout(() => process.emit('SIGINT'), 1500);
  const { code, out } = await watching;
  assert.equal(code, 0);
  assert.ok(
    out.startsWith('\u001B[?1049h\u001B[?7l\u001B[?25l\u001B[H') && out.endsWith('\u001B[?25h\u001B[?7h\u001B[?1049l'),
    JSON.stringify(out),
  );
  assert.ok(out.split('\u001B[H').length >= 3, 'two pictures');
});

function inventoryOf(t: TestContext, hosts: readonly string[], port: number): string {
  const folder = folderWithKey(t);
  mkdirSync(join(folder, 'inventories/group_vars/all'), { recursive: true });
  const lines = hosts.map((name) => `${name} ansible_connection=local`);
  writeFileSync(join(folder, 'inventories/dev.ini'), ['[litellm]', ...lines, ''].join('\n'));
  writeFileSync(
    join(folder, 'inventories/group_vars/all/main.yml'),
    [
      `litellm_port: ${String(port)}`,
      'litellm_backends: [{ url: "http://10.0.0.1:11434" }]',
      'litellm_models: [{ name: m, model: m }]',
      `litellm_master_key: ${KEY}`,
      '',
    ].join('\n'),
  );
  return folder;
}

test('the gateway of the inventory is found by its host, port and key; of several hosts one has to be named', async (t) => {
  await using gateway = await startGateway([{ url: NOWHERE[0] }]);
  const one = fakeTerminal({ cwd: inventoryOf(t, ['here'], gateway.port), environment: { NO_COLOR: '1' } });
  assert.equal(await showFleet(one, {}), 0, one.written.err);
  assert.match(one.written.out, /^here \d\d:\d\d:\d\d UTC strategy fleet\n/);
  const two = fakeTerminal({ cwd: inventoryOf(t, ['here', 'there'], gateway.port), environment: { NO_COLOR: '1' } });
  assert.equal(await showFleet(two, {}), 64);
  assert.match(
    two.written.err,
    /one gateway\n.*Expected one host of the inventory, found 2: here, there\.\n.*fix +hxllm fleet --limit here\n/s,
  );
  assert.equal(await showFleet(two, { limit: 'there' }), 0);
  const none = fakeTerminal({ cwd: folderWithKey(t), environment: { NO_COLOR: '1' } });
  assert.equal(await showFleet(none, {}), 78);
  assert.match(none.written.err, /no inventory found/);
});
