import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPem } from '../../src/core/certificate.ts';
import { parseDeployment, type DeploymentRecord } from '../../src/core/deployment-record.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Entry, Installation, UnitState } from '../../src/facts/installation/installation.ts';
import { driftOf } from '../../src/plan/drift.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import { serviceFingerprint } from '../../src/plan/service.ts';
import { certificateText } from '../certificates/certificates.ts';
import { bare, desiredOf, installed } from './host.ts';

const DESIRED = desiredOf();
const ACTUAL = installed(DESIRED);
const RECORD = recordOf();
const NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['/etc/litellm', ['config.yaml', 'litellm.env', 'lost+found']],
  ['/opt/litellm', ['.hxllm', '.hxllm-record', 'current', 'deployments', 'releases', 'runtimes']],
  ['/var/lib/litellm', ['contexts.json']],
  ['/opt/litellm/releases', [DESIRED.release.id, '111111111111']],
  [`/opt/litellm/releases/${DESIRED.release.id}`, DESIRED.release.files.map(({ name }) => name)],
  ['/opt/litellm/runtimes', ['node-24.21.0-abababababab']],
  ['/opt/litellm/runtimes/node-24.21.0-abababababab', ['bin', 'manifest']],
  ['/opt/litellm/runtimes/node-24.21.0-abababababab/bin', ['node']],
  ['/opt/litellm/deployments', ['1', '2']],
  ['/opt/litellm/deployments/1', ['deployment.json', 'files', 'gateway', 'gateway.mjs', 'healthy']],
]);

function recordOf(desired = DESIRED): DeploymentRecord {
  const action = planHost(desired, bare())
    .steps.flatMap(({ actions }) => actions)
    .find((each) => each.kind === 'write' && each.path.endsWith('/deployment.json'));
  const record = parseDeployment(action?.kind === 'write' ? String(action.text) : '');
  assert.ok(record !== undefined);
  return record;
}

function lines(over: Partial<Installation> = {}, names = NAMES, hasDropIns = false): readonly string[] {
  const { settings, paths } = DESIRED;
  const installation = { ...ACTUAL.installation, ...over };
  return driftOf(RECORD, { settings, paths }, { installation, names, hasDropIns }).map(
    ({ kind, subject, expected, found }) => `${kind} ${subject}: ${expected}, ${found}`,
  );
}

function withEntry(path: string, over: Partial<Entry> | undefined): Partial<Installation> {
  const entries = new Map(ACTUAL.installation.entries);
  const before = entries.get(path);
  if (over === undefined || before === undefined) entries.delete(path);
  else entries.set(path, { ...before, ...over });
  return { entries };
}

const unit = (over: Partial<UnitState>): UnitState => ({
  load: 'loaded',
  active: 'active',
  enabled: 'enabled',
  fragment: '',
  needsReload: false,
  program: '',
  followers: [],
  ...over,
});

test('a host as it was applied has no drift', () => {
  assert.deepEqual(lines(), []);
});

test('a file that was edited, removed, replaced by a link, or given away is drift', () => {
  const path = '/etc/litellm/config.yaml';
  assert.deepEqual(lines(withEntry(path, { sha256: 'x' })), [
    `file ${path}: the content that was applied, another content`,
  ]);
  assert.deepEqual(lines(withEntry(path, undefined)), [`file ${path}: a file, nothing`]);
  assert.deepEqual(lines(withEntry(path, { kind: 'link' })), [`file ${path}: a file, a link`]);
  assert.deepEqual(lines(withEntry(path, { owner: 'alice', mode: 0o666 })), [
    `file ${path}: root:litellm 0640, alice:litellm 0666`,
  ]);
});

test('an edited environment file is found although the record has no hash of it', () => {
  assert.deepEqual(lines(withEntry('/etc/litellm/litellm.env', { sha256: 'f'.repeat(64) })), [
    'file /etc/litellm/litellm.env: the content that was applied, another content',
  ]);
  const { notes } = ACTUAL.installation;
  assert.equal(notes?.confirmed, serviceFingerprint(DESIRED, ACTUAL));
});

test('a link, a release, a runtime and folders that changed are drift', () => {
  assert.deepEqual(lines({ current: 'mine' }), [
    `link /opt/litellm/current: releases/${DESIRED.release.id}, releases/mine`,
  ]);
  const releases = new Map(ACTUAL.installation.releases).set(`${DESIRED.release.id}/gateway.mjs`, 'x');
  releases.set(`${DESIRED.release.id}/gateway`, '');
  assert.deepEqual(
    lines({ releases }).map((line) => line.split(': ')[1]),
    ['the file that was sent, another content', 'the file that was sent, another owner or mode'],
  );
  const [runtime] = ACTUAL.installation.runtimes;
  assert.ok(runtime !== undefined);
  assert.match(lines({ runtimes: [{ ...runtime, intact: false }] })[0] ?? '', /^runtime .*bin\/node: /);
  assert.deepEqual(lines(withEntry('/etc/litellm', { mode: 0o777 })), [
    'folder /etc/litellm: root:litellm 0750, root:litellm 0777',
  ]);
});

test('of two files without a hash in the record, master key and private key, an edit of either is found', () => {
  const text = certificateText('good.pem');
  const tls = {
    from: 'sent',
    certificates: readPem(text).certificates,
    text,
    key: new Secret(certificateText('good.key')),
  } as const;
  const desired = desiredOf({ tls });
  const { installation } = installed(desired);
  const found = (path?: string): readonly string[] => {
    const entries = new Map(installation.entries);
    const entry = path === undefined ? undefined : entries.get(path);
    if (path !== undefined && entry !== undefined) entries.set(path, { ...entry, sha256: 'f'.repeat(64) });
    const state = { installation: { ...installation, entries }, names: NAMES, hasDropIns: false };
    return driftOf(recordOf(desired), desired, state).map(({ subject }) => subject);
  };
  assert.deepEqual(found(), []);
  for (const name of ['litellm.env', 'tls-key.pem'])
    assert.deepEqual(found(`/etc/litellm/${name}`), ['/etc/litellm/litellm.env or /etc/litellm/tls-key.pem']);
});

test('units and services that were stopped, disabled or changed are drift', () => {
  assert.deepEqual(lines({ service: unit({ active: 'failed', enabled: 'disabled' }) }), [
    'service litellm.service: active, failed',
    'unit litellm.service: enabled, disabled',
  ]);
  assert.deepEqual(lines({ socket: unit({ needsReload: true }) }), [
    'unit litellm.socket: the unit file that systemd has read, another one',
  ]);
  // The operator decides when systemd reads a drop-in.
  assert.deepEqual(lines({ socket: unit({ needsReload: true }) }, NAMES, true), []);
  assert.deepEqual(lines({ user: undefined }), ['account the user litellm: an account, none']);
});

test('another instance in use, none, or one that does not serve is drift', () => {
  assert.deepEqual(lines({ inUse: undefined }), [
    'unit /etc/systemd/system/litellm.service.wants: the link litellm@1.service, none',
  ]);
  const alive = { number: 1, active: 'active', program: '' };
  assert.deepEqual(lines({ inUse: 2, instanceUnits: [{ ...alive, state: 'serving' }] }), [
    'unit /etc/systemd/system/litellm.service.wants: the link litellm@1.service, litellm@2.service',
    'service litellm@2.service: active, and serving, inactive',
  ]);
  assert.deepEqual(lines({ instanceUnits: [{ ...alive, active: 'failed' }] }), [
    'service litellm@1.service: active, and serving, failed',
  ]);
  assert.deepEqual(
    lines({
      instanceUnits: [
        { ...alive, state: 'draining' },
        { ...alive, number: 2, state: 'serving' },
      ],
    }),
    ['service litellm@1.service: active, and serving, active, and draining'],
  );
  // Earlier instances that end their streams are no drift.
  assert.deepEqual(
    lines({
      instanceUnits: [
        { ...alive, state: 'serving' },
        { ...alive, number: 3, state: 'draining' },
      ],
    }),
    [],
  );
});

test('a thing that hxllm did not make is drift in each of its folders', () => {
  for (const folder of NAMES.keys()) {
    const names = new Map(NAMES).set(folder, [...(NAMES.get(folder) ?? []), 'notes.txt']);
    assert.deepEqual(lines({}, names), [`foreign ${folder}/notes.txt: nothing, a thing that hxllm did not make`]);
  }
});
