import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { driftDocumentSchema } from '../../src/cli/views/drift.ts';
import { releasesDocumentSchema } from '../../src/cli/views/releases-document.ts';
import { assertValid } from '../json-schema.ts';
import { borrowLab } from './borrowed.ts';
import { GATEWAY, readMasterKey } from './client.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();
const MAIN = 'inventories/group_vars/all/main.yml';
const oldKey = await readMasterKey();
const newKey = `sk-${'5e'.repeat(32)}`;

async function statusWith(key: string): Promise<number> {
  const answer = await fetch(`${GATEWAY}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
  await answer.body?.cancel();
  return answer.status;
}

async function enforce(): Promise<string> {
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  return ran.stdout + ran.stderr;
}

interface Audit {
  readonly event: string;
  readonly command: string;
  readonly run: string;
  readonly by: string;
  readonly login: string;
  readonly deployment: number;
  readonly plan: string;
  readonly before: string | null;
  readonly manifest: string;
}

async function audit(): Promise<readonly Audit[]> {
  const text = await lab.host('hx-api-server').must('cat /var/log/litellm/audit.log');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Audit);
}

const manifestOf = (run: string): string =>
  createHash('sha256')
    .update(readFileSync(join(operator.folder, 'evidence', run, 'manifest.json')))
    .digest('hex');

test('a rollback brings back the configuration, and the key that was rotated since stays out', lab.only, async () => {
  await enforce();
  assert.deepEqual([await statusWith(oldKey), await statusWith(newKey)], [200, 401]);
  const vault = join(operator.folder, 'inventories/group_vars/all/vault.yml');
  writeFileSync(vault, `litellm_master_key: ${newKey}\n`);
  operator.edit(MAIN, 'litellm_models:', 'litellm_routing_strategy: simple-shuffle\nlitellm_models:');
  await enforce();
  assert.deepEqual([await statusWith(oldKey), await statusWith(newKey)], [401, 200]);
  const host = lab.host('hx-api-server');
  assert.match(await host.must('cat /etc/litellm/config.yaml'), /simple-shuffle/);
  const ran = await operator.hxllm('rollback', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.doesNotMatch(await host.must('cat /etc/litellm/config.yaml'), /simple-shuffle/);
  assert.deepEqual([await statusWith(oldKey), await statusWith(newKey)], [401, 200]);
  assert.deepEqual([operator.lastRun().phase, operator.lastRun().ending], ['rollback', 'passed']);
});

test('the list of deployments says which one runs, and has no secret', lab.only, async () => {
  const ran = await operator.hxllm('releases', '--json');
  assert.equal(ran.exitCode, 0, ran.stderr);
  assertValid(releasesDocumentSchema(), JSON.parse(ran.stdout));
  const { hosts } = JSON.parse(ran.stdout) as {
    hosts: { running: number; deployments: { number: number; state: string; rollback: { of: number } | null }[] }[];
  };
  assert.deepEqual(
    hosts[0]?.deployments.map(({ number, state, rollback }) => [number, state, rollback?.of]),
    [
      [1, 'kept', undefined],
      [2, 'kept', undefined],
      [3, 'runs', 1],
    ],
  );
  const shown = await operator.hxllm('releases');
  assert.match(shown.stdout, /^ {2}3 +runs .* back to 1: config\.yaml$/m);
  const host = lab.host('hx-api-server');
  const kept = await host.must('grep -r "" /opt/litellm/deployments /var/log/litellm');
  for (const key of [oldKey, newKey])
    for (const text of [ran.stdout, shown.stdout, kept]) assert.ok(!text.includes(key));
  assert.equal(await host.must('stat -c %a /opt/litellm/deployments/3/files'), '700');
});

test('the audit log names each run, its plan, and the manifests before and after it', lab.only, async () => {
  const lines = await audit();
  assert.deepEqual(
    lines.map(({ event, command, deployment }) => [event, command, deployment]),
    [
      ['switch', 'hxllm enforce', 1],
      ['closed', undefined, undefined],
      ['switch', 'hxllm enforce', 2],
      ['closed', undefined, undefined],
      ['reload', 'hxllm rollback 1', 3],
      ['closed', undefined, undefined],
    ],
  );
  for (const line of lines.filter(({ event }) => event === 'closed')) assert.equal(line.manifest, manifestOf(line.run));
  assert.deepEqual(
    [lines[0]?.before, lines[2]?.before, lines[4]?.before],
    [null, lines[1]?.manifest, lines[3]?.manifest],
  );
  const verified = await operator.hxllm('evidence', 'verify', '--host');
  assert.equal(verified.exitCode, 0, verified.stdout + verified.stderr);
  assert.match(verified.stdout, /hx-api-server: its audit log confirms 3 of 3 runs/);
  assert.match(lines[0]?.login ?? '', /^deploy from 10\.77\.0\.1$/);
  const host = lab.host('hx-api-server');
  const { plan } = JSON.parse(await host.must('cat /opt/litellm/deployments/3/deployment.json')) as Audit;
  assert.equal(plan, lines[4]?.plan);
  assert.equal(await host.must('stat -c "%a %U" /var/log/litellm /var/log/litellm/audit.log'), '750 root\n640 root');
  // Only some file systems have the attribute; the run that made the log says so.
  const isAppendOnly = await host.sh('chattr -a /var/log/litellm/audit.log && chattr +a /var/log/litellm/audit.log');
  if (isAppendOnly.exitCode === 0) assert.notEqual((await host.sh('echo x > /var/log/litellm/audit.log')).exitCode, 0);
  else assert.match(operator.evidence(), /the audit log \/var\/log\/litellm\/audit\.log is not append-only here/);
});

test('drift is quiet, and then names everything that somebody changed, with exit code 2', lab.only, async () => {
  const quiet = await operator.hxllm('drift');
  assert.deepEqual([quiet.exitCode, quiet.stdout, quiet.stderr], [0, '', '']);
  const host = lab.host('hx-api-server');
  await host.must(
    'echo "# mine" >> /etc/litellm/config.yaml; echo >> /etc/litellm/litellm.env; touch /opt/litellm/notes; chmod 777 /opt/litellm/releases; systemctl disable -q litellm.socket; echo "# x" >> /etc/systemd/system/litellm.service',
  );
  const seen = await operator.hxllm('drift');
  assert.equal(seen.exitCode, 2, seen.stdout + seen.stderr);
  for (const line of [
    /config\.yaml: expected the content that was applied, found another content/,
    /litellm\.env: expected the content that was applied/,
    /litellm\.service: expected the content that was applied/,
    /litellm\.socket: expected enabled, found disabled/,
    /\/opt\/litellm\/releases: expected root:root 0755, found root:root 0777/,
    /\/opt\/litellm\/notes: expected nothing/,
  ])
    assert.match(seen.stdout, line);
  assertValid(driftDocumentSchema(), JSON.parse((await operator.hxllm('drift', '--json')).stdout));
  await host.must('rm /opt/litellm/notes');
});

test(
  'a full log is a warning, the change is made, and enforce says that it undoes the rollback',
  lab.only,
  async () => {
    const host = lab.host('hx-api-server');
    await host.must(
      'mount -t tmpfs -o size=4k,mode=750 tmpfs /var/log/litellm && { head -c 100000 /dev/zero > /var/log/litellm/full || :; } 2> /dev/null',
    );
    const said = (await enforce()).replaceAll(/\s+/g, ' ');
    assert.match(said, /this undoes a rollback: deployment 3 went back to deployment 1/);
    assert.match(said, /warning: the audit log \/var\/log\/litellm\/audit\.log was not written/);
    assert.match(await host.must('cat /etc/litellm/config.yaml'), /simple-shuffle/);
    await host.must('umount /var/log/litellm');
    assert.equal((await operator.hxllm('drift')).exitCode, 0);
  },
);

test('uninstall keeps the audit log, says so, and writes its line', lab.only, async () => {
  const ran = await operator.deploy('uninstall', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout + ran.stderr, /\/var\/log\/litellm\/audit\.log/);
  const lines = await audit();
  assert.deepEqual(
    lines.slice(-2).map(({ event, command }) => [event, command]),
    [
      ['uninstall', 'hxllm uninstall'],
      ['closed', undefined],
    ],
  );
  assert.equal(await lab.host('hx-api-server').must('ls -d /opt/litellm 2>/dev/null || true'), '');
  assert.ok(globSync('evidence/uninstall/*/manifest.json', { cwd: operator.folder }).length > 0);
});
