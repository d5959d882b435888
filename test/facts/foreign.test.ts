import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { MARK_LINE } from '../../src/core/mark.ts';
import { foreignQuestion, type Foreign } from '../../src/facts/foreign.ts';
import { makeWay, untakeable } from '../../src/facts/untakeable.ts';

function makeRoot(context: TestContext): {
  readonly root: string;
  ask(port: number): readonly Foreign[];
  put(path: string, text: string): void;
} {
  const root = mkdtempSync(join(tmpdir(), 'hxllm-foreign-'));
  context.after(() => {
    rmSync(root, { recursive: true });
  });
  const unit = (name: string): string => `${root}/etc/systemd/system/${name}`;
  const installDir = `${root}/opt/litellm`;
  const question = (port: number): ReturnType<typeof foreignQuestion> =>
    foreignQuestion(
      {
        configFile: `${root}/etc/litellm/config.yaml`,
        envFile: `${root}/etc/litellm/litellm.env`,
        caFile: `${root}/etc/litellm/ca.pem`,
        tlsCertFile: `${root}/etc/litellm/tls-cert.pem`,
        tlsKeyFile: `${root}/etc/litellm/tls-key.pem`,
        serviceUnit: unit('litellm.service'),
        socketUnit: unit('litellm.socket'),
        instanceUnit: unit('litellm@.service'),
        failedUnit: unit('litellm-failed@.service'),
        dropInGenerator: `${root}/etc/systemd/system-generators/litellm-drop-ins`,
        installDir,
        marker: `${installDir}/.hxllm`,
      },
      { port, authorities: {} },
    );
  return {
    root,
    ask: (port) => {
      const asked = question(port);
      return asked.parse({
        stdout: execFileSync('bash', ['-c', asked.script, 'hxllm', ...(asked.arguments ?? [])], { encoding: 'utf8' }),
        exitCode: 0,
      });
    },
    put: (path, text) => {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    },
  };
}

test('an empty host has nothing foreign', (context) => {
  assert.deepEqual(makeRoot(context).ask(1), []);
});

test('a marked file is ours, also with the mark below a shebang line', (context) => {
  const host = makeRoot(context);
  host.put('etc/litellm/config.yaml', `${MARK_LINE}\nmodel_list: []\n`);
  host.put('etc/systemd/system/litellm.service', `#!/bin/true\n${MARK_LINE}\n`);
  host.put('opt/litellm/.hxllm', `${MARK_LINE}\n`);
  assert.deepEqual(host.ask(1), []);
});

test('certificates of others are in the way of litellm_ca_file, marked ones are not', (context) => {
  const host = makeRoot(context);
  host.put('etc/litellm/ca.pem', '-----BEGIN CERTIFICATE-----\n');
  assert.deepEqual(
    host.ask(1).map(({ kind, looksLike }) => [kind, looksLike]),
    [['file', 'a file without hxllm’s mark']],
  );
  host.put('etc/litellm/ca.pem', `${MARK_LINE}\n-----BEGIN CERTIFICATE-----\n`);
  assert.deepEqual(host.ask(1), []);
});

test('a LiteLLM installation is recognised, and its key is not sent', (context) => {
  const host = makeRoot(context);
  host.put('etc/litellm/config.yaml', 'model_list:\n  - model_name: x\n');
  host.put('etc/litellm/litellm.env', 'LITELLM_MASTER_KEY=sk-very-secret\n');
  host.put(
    'etc/systemd/system/litellm.service',
    '[Service]\nExecStart=/home/litellm/litellm-venv/bin/litellm --port 4000\n',
  );
  host.put('etc/systemd/system/litellm.service.d/override.conf', '[Service]\nEnvironment=A=b\n');
  host.put('opt/litellm/venv/pyvenv.cfg', '');
  const found = host.ask(1);
  assert.deepEqual(
    found.map((one) => [one.kind, one.path.slice(host.root.length), one.looksLike]),
    [
      ['file', '/etc/litellm/config.yaml', 'a LiteLLM configuration'],
      ['file', '/etc/litellm/litellm.env', 'an environment file of LiteLLM'],
      [
        'unit',
        '/etc/systemd/system/litellm.service',
        'a LiteLLM unit (ExecStart=/home/litellm/litellm-venv/bin/litellm)',
      ],
    ],
  );
  assert.doesNotMatch(JSON.stringify(found), /very-secret/);
});

test('drop-ins are not foreign, and a link at one of hxllm’s paths is', (context) => {
  const host = makeRoot(context);
  host.put('etc/litellm/shared.yaml', `${MARK_LINE}\n`);
  symlinkSync('shared.yaml', join(host.root, 'etc/litellm/config.yaml'));
  host.put('etc/systemd/system/litellm.service', `${MARK_LINE}\n`);
  host.put('etc/systemd/system/litellm.service.d/override.conf', '[Service]\nMemoryMax=2G\n');
  symlinkSync('/dev/null', join(host.root, 'etc/systemd/system/litellm.socket'));
  assert.deepEqual(
    host.ask(1).map(({ path, looksLike, masked }) => [path.slice(host.root.length), looksLike, masked]),
    [
      ['/etc/litellm/config.yaml', 'a link to shared.yaml', undefined],
      ['/etc/systemd/system/litellm.socket', 'a masked unit (a link to /dev/null)', true],
    ],
  );
});

test('a unit of a package counts until hxllm’s shadows it; the links that enable it are listed', (context) => {
  const host = makeRoot(context);
  host.put('usr/lib/systemd/system/litellm.service', '[Service]\nExecStart=/usr/bin/litellm\n');
  const links = ['etc/systemd/system/multi-user.target.wants/litellm.service', 'etc/systemd/system/proxy.service'];
  for (const link of links) {
    mkdirSync(join(host.root, link, '..'), { recursive: true });
    symlinkSync('/usr/lib/systemd/system/litellm.service', join(host.root, link));
  }
  const [unit] = host.ask(1);
  assert.equal(unit?.path, `${host.root}/usr/lib/systemd/system/litellm.service`);
  assert.deepEqual(
    unit.runs?.map(({ name, links: all }) => [name, all.map((path) => path.slice(host.root.length + 1))]),
    [['litellm.service', links]],
  );
  host.put('etc/systemd/system/litellm.service', `${MARK_LINE}\n`);
  assert.deepEqual(host.ask(1), []);
});

test('the process that holds the port is named with program and id', async (context) => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  context.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const [holder] = makeRoot(context).ask(address.port);
  assert.equal(holder?.kind, 'process');
  assert.equal(holder.pid, process.pid);
  assert.equal(holder.path, process.execPath);
  assert.match(holder.looksLike, /holds the port$/);
});

test('a named pipe in the place of a file is foreign, and nothing waits for it', (context) => {
  const host = makeRoot(context);
  host.put('etc/litellm/other', '');
  host.put('etc/systemd/system/other', '');
  for (const path of ['etc/litellm/config.yaml', 'etc/systemd/system/litellm.service'])
    execFileSync('mkfifo', [join(host.root, path)]);
  const found = host.ask(1);
  assert.deepEqual(
    found.map(({ kind, looksLike }) => [kind, looksLike]),
    [
      ['file', 'a fifo'],
      ['unit', 'a fifo'],
    ],
  );
  assert.deepEqual(untakeable(found), []);
});

test('a folder in the place of a file is not taken over; the command that makes way moves it', (context) => {
  const host = makeRoot(context);
  host.put('etc/litellm/litellm.env/mine', '');
  host.put('etc/systemd/system/litellm.socket/mine', '');
  const found = untakeable(host.ask(1));
  assert.deepEqual(
    found.map((one) => [
      one.looksLike,
      makeWay(one, 'gw', { serviceManager: 'systemd', port: 4000 }).split('  #')[0]?.replaceAll(host.root, ''),
    ]),
    [
      ['a folder', 'sudo mv /etc/litellm/litellm.env /etc/litellm/litellm.env.foreign'],
      ['a folder', 'sudo mv /etc/systemd/system/litellm.socket /etc/systemd/system/litellm.socket.foreign'],
    ],
  );
  assert.match(
    makeWay(found[0] ?? { kind: 'file', path: '', looksLike: '' }, 'gw', { serviceManager: 'process', port: 4000 }),
    /^mv /,
  );
});
