import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { verify, type VerifyOptions } from '../../../../src/cli/actions/evidence/verify.ts';
import { closedRun, root } from '../../../evidence/evidence-tree.ts';
import { here } from '../../../evidence/open-run.ts';
import { fakeTerminal } from '../../fake-terminal.ts';
import { evidenceDocumentSchema } from '../../../../src/cli/views/evidence-document.ts';
import { assertValid } from '../../../json-schema.ts';

async function run(options: VerifyOptions = {}) {
  const terminal = fakeTerminal({
    cwd: here.root,
    environment: { PATH: `${here.root}/bin:${process.env['PATH'] ?? ''}` },
  });
  const code = await verify(terminal, options);
  return { code, ...terminal.written };
}

test('a good folder ends with its head, and a difference with exit code 1, the expected and the found state', async () => {
  const [first, second] = [closedRun('preflight'), closedRun('enforce')];
  const good = await run();
  assert.equal(good.code, 0);
  assert.match(good.out, /^✓ evidence: 2 runs in the chain, everything as it was closed\n {2}head {2}enforce\//);
  assert.match(good.out, /leaves no trace in this folder/);
  writeFileSync(join(root(), first, 'a.txt'), 'another');
  const bad = await run();
  assert.equal(bad.code, 1);
  assert.match(
    bad.out,
    new RegExp(`^✗ changed ${first}/a\\.txt\n {2}expected {2}SHA-256 [0-9a-f]{64}\n {2}found {5}SHA`),
  );
  const document = JSON.parse((await run({ json: true })).out) as {
    readonly head: object;
    readonly findings: object[];
  };
  assertValid(evidenceDocumentSchema(), document);
  assert.deepEqual([document.findings.length, Object.values(document.head)[1]], [1, second.split('/')[1]]);
});

test('a head that was kept elsewhere finds that the newest run was removed with its line', async () => {
  closedRun('preflight');
  const removed = closedRun('enforce');
  const log = join(root(), 'chain.jsonl');
  const [kept = '', line = ''] = readFileSync(log, 'utf8').split('\n');
  const { sha256: head } = JSON.parse(line) as { readonly sha256: string };
  assert.equal((await run({ head: head.slice(0, 12) })).code, 0);
  rmSync(join(root(), removed), { recursive: true });
  writeFileSync(log, `${kept}\n`);
  assert.equal((await run()).code, 0);
  const found = await run({ head });
  assert.equal(found.code, 1);
  assert.match(found.out, new RegExp(`missing the head ${head}`));
});

test('a folder that is not there is a Problem that says how evidence comes about', async () => {
  const { code, err } = await run({ evidenceDir: 'nowhere' });
  assert.equal(code, 64);
  assert.match(err, /there is no evidence[\s\S]*nowhere, found nothing[\s\S]*hxllm preflight/);
});

test('the audit log of a host, with its rotated parts, is the anchor of --host', async () => {
  closedRun('preflight');
  const [first, second] = [closedRun('enforce'), closedRun('enforce')];
  const hashes = readFileSync(join(root(), 'chain.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly sha256: string }).sha256);
  const entries = (place: string, number: number): string =>
    [
      { event: 'switch', run: place, record: String(number), before: hashes[number - 1] },
      { event: 'closed', run: place, record: String(number), manifest: hashes[number] },
    ]
      .map((entry) => `${JSON.stringify(entry)}\n`)
      .join('');
  const logs = join(here.root, 'host/var/log/litellm');
  mkdirSync(logs, { recursive: true });
  writeFileSync(join(logs, 'audit.log.1.gz'), gzipSync(entries(first, 1)));
  writeFileSync(join(logs, 'audit.log'), entries(second, 2));
  mkdirSync(join(here.root, 'inventories/group_vars/all'), { recursive: true });
  writeFileSync(join(here.root, 'inventories/dev.ini'), '[litellm]\none ansible_connection=local\n');
  writeFileSync(
    join(here.root, 'inventories/group_vars/all/main.yml'),
    `litellm_models: [{name: m, model: m}]\nlitellm_backends: [http://llm01:11434]\n`,
  );
  // Stands in for root: the paths of the host are below a folder of the test.
  mkdirSync(join(here.root, 'bin'));
  writeFileSync(join(here.root, 'bin/id'), '#!/bin/bash\necho 1000\n');
  writeFileSync(
    join(here.root, 'bin/sudo'),
    `#!/bin/bash\nwhile [ "$1" != -- ]; do shift; done; shift; exec "\${@/#\\/var/${here.root}/host/var}"\n`,
  );
  for (const name of ['id', 'sudo']) chmodSync(join(here.root, 'bin', name), 0o755);

  const good = await run({ host: true });
  assert.deepEqual([good.code, good.err], [0, '']);
  assert.match(good.out, new RegExp(`one: its audit log confirms 2 of 3 runs, the newest is ${second}`));
  rmSync(join(root(), second), { recursive: true });
  writeFileSync(
    join(root(), 'chain.jsonl'),
    readFileSync(join(root(), 'chain.jsonl'), 'utf8').split('\n').slice(0, 2).join('\n') + '\n',
  );
  assert.equal((await run()).code, 0);
  const found = await run({ host: 'one' });
  assert.equal(found.code, 1);
  assert.match(found.out, new RegExp(`missing ${second}[\\s\\S]*by the audit log of one`));
  rmSync(logs, { recursive: true });
  assert.match(
    (await run({ host: true })).out,
    /one has no audit log: no run of this folder changed it, or the log was/,
  );
  writeFileSync(
    join(here.root, 'inventories/dev.ini'),
    '[litellm]\none ansible_connection=local litellm_service_manager=process litellm_prefix=/p\n',
  );
  const alone = await run({ host: true });
  assert.match(alone.out, /one has no audit log: litellm_service_manager is process, which writes/, alone.err);
});
