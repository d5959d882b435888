import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DropIn } from '../../src/facts/drop-ins/drop-ins.ts';
import type { Foreign, ForeignUnit } from '../../src/facts/foreign.ts';
import type { UnitState } from '../../src/facts/installation/installation.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { backupFolder, replacedBy } from '../../src/plan/replaced.ts';
import { untakeable } from '../../src/facts/untakeable.ts';
import { bare, desiredOf, entryOf, installed } from './host.ts';
import { commandsOf, idsOf } from './plan-stage.ts';

const UNIT_FILE = '/etc/systemd/system/litellm.service';
const WANTS = '/etc/systemd/system/multi-user.target.wants/litellm.service';
const RUNNING: ForeignUnit = {
  name: 'litellm.service',
  active: true,
  starting: false,
  fragment: UNIT_FILE,
  followers: [],
  links: [WANTS],
};
const OLD: readonly Foreign[] = [
  { kind: 'file', path: '/etc/litellm/config.yaml', looksLike: 'a LiteLLM configuration' },
  { kind: 'unit', path: UNIT_FILE, looksLike: 'a LiteLLM unit', runs: [RUNNING] },
  {
    kind: 'process',
    path: '/usr/bin/python3',
    looksLike: 'litellm --port 4000 (pid 7, litellm.service) holds the port',
    pid: 7,
    unit: 'litellm.service',
    runs: [RUNNING],
  },
];
const ACTIVE: UnitState = {
  load: 'loaded',
  active: 'active',
  enabled: 'enabled',
  fragment: '',
  needsReload: false,
  program: '',
  followers: [],
};
const MEMORY: DropIn = {
  unit: 'litellm.service',
  path: '/etc/systemd/system/litellm.service.d/override.conf',
  settings: ['MemoryMax'],
  breaks: [],
};

function litellmHost(): ReturnType<typeof bare> {
  const entries = new Map([
    ['/etc/litellm', entryOf({ kind: 'folder', marked: false, owner: 'litellm', group: 'litellm' })],
    ['/etc/litellm/config.yaml', entryOf({ marked: false, sha256: 'x', text: 'master_key: sk-old\n' })],
    [UNIT_FILE, entryOf({ marked: false, sha256: 'y' })],
  ]);
  return bare(OLD, { service: ACTIVE, entries, user: { gecos: '', group: 'litellm' }, groupExists: true });
}

function wordsAfter(plan: Plan): readonly string[] {
  return plan.recover.after.flatMap((action) => (action.kind === 'command' ? [action.argv.slice(2).join(' ')] : []));
}

test('a take-over copies first, stops the old service in the switch, and can restore everything', () => {
  const plan = planHost(desiredOf(), litellmHost());
  assert.equal(idsOf(plan)[0], 'take-over.copy');
  assert.deepEqual(commandsOf(plan, 'take-over.stop'), ['systemctl --no-ask-password stop litellm.service']);
  const stop = plan.steps.find((step) => step.id === 'take-over.stop');
  // A removed file is restored if the switch fails, other than a link that systemctl removes.
  assert.deepEqual(stop?.actions.slice(1), [{ kind: 'remove', paths: [WANTS] }]);
  assert.doesNotMatch(JSON.stringify(plan.steps.map((step) => step.detail)), /sk-old/);
  assert.deepEqual(wordsAfter(plan), [
    'daemon-reload',
    'reset-failed litellm.socket litellm.service litellm@*',
    'start litellm.service',
  ]);
});

test('every replaced file is copied, marked or not, and putting back removes only files that did not exist', () => {
  const desired = desiredOf();
  assert.deepEqual(replacedBy(desired, litellmHost()), {
    copies: ['/etc/litellm/config.yaml', UNIT_FILE, WANTS],
    created: [
      '/etc/litellm/litellm.env',
      '/etc/systemd/system/litellm-failed@.service',
      '/etc/systemd/system-generators/litellm-drop-ins',
      '/etc/systemd/system/litellm@.service',
      '/etc/systemd/system/litellm.socket',
      '/etc/systemd/system/sockets.target.wants/litellm.socket',
    ],
    folders: ['/etc/litellm'],
    units: [RUNNING],
    dropIns: [],
  });
  // The operator has replaced one file of a running hxllm.
  const file: Foreign = { kind: 'file', path: desired.paths.configFile, looksLike: 'a file without hxllm’s mark' };
  const actual = { ...installed(desired), foreign: [file] };
  const { copies, created, units } = replacedBy(desired, actual);
  assert.deepEqual([created, units], [[], []]);
  for (const { path } of desired.files) assert.ok(copies.includes(path), path);
  // Its own units are neither stopped nor disabled.
  assert.deepEqual(idsOf(planHost(desired, actual)), ['take-over.copy']);
});

test('a second take-over has nothing to do, and a drop-in is nothing to take over', () => {
  const desired = desiredOf();
  assert.deepEqual(idsOf(planHost(desired, { ...installed(desired), dropIns: [MEMORY] })), []);
});

test('drop-ins of the replaced unit stay, but those with which hxllm’s could not run are copied and removed', () => {
  const broken: DropIn = { ...MEMORY, path: `${UNIT_FILE}.d/exec.conf`, breaks: [{ setting: 'ExecStart', why: '' }] };
  const typeWide: DropIn = { ...broken, path: '/etc/systemd/system/service.d/exec.conf' };
  const packaged: DropIn = { ...broken, path: '/usr/lib/systemd/system/litellm.service.d/exec.conf' };
  const dropIns = [MEMORY, broken, typeWide, packaged];
  const { copies, dropIns: removed } = replacedBy(desiredOf(), { ...litellmHost(), dropIns });
  assert.deepEqual(removed, [broken]);
  assert.ok(copies.includes(broken.path) && !copies.includes(MEMORY.path));
  // Of hxllm's own unit nothing is removed, whatever else is foreign.
  const desired = desiredOf();
  const file: Foreign = { kind: 'file', path: desired.paths.configFile, looksLike: '' };
  assert.deepEqual(replacedBy(desired, { ...installed(desired), foreign: [file], dropIns }).dropIns, []);
});

test('of two take-overs in one second each has its own folder', () => {
  const { timestamp } = bare();
  const first = `/var/backups/litellm-${timestamp}`;
  assert.equal(backupFolder(bare()), first);
  assert.equal(backupFolder(bare([], { backups: [`${first}/put-back.sh`] })), `${first}-2`);
  assert.equal(backupFolder(bare([], { backups: [`${first}/put-back.sh`, `${first}-2/put-back.sh`] })), `${first}-3`);
});

test('a take-over from a unit with another name can return to it, and names it as running', () => {
  const runs: ForeignUnit = { ...RUNNING, name: 'litellm-proxy.service', links: [] };
  const old: Foreign = {
    kind: 'process',
    path: '/usr/bin/python3',
    looksLike: 'litellm (pid 7, litellm-proxy.service) holds the port',
    pid: 7,
    unit: 'litellm-proxy.service',
    runs: [runs],
  };
  const plan = planHost(desiredOf(), bare([old]));
  assert.equal(plan.hasPrevious, true);
  assert.deepEqual(commandsOf(plan, 'take-over.stop'), ['systemctl --no-ask-password stop litellm-proxy.service']);
  // It was not enabled, so it is not enabled afterwards.
  assert.deepEqual(
    wordsAfter(plan).filter((line) => line.includes('proxy')),
    ['start litellm-proxy.service'],
  );
});

test('of a socket unit that holds the port its service is stopped too', () => {
  const runs: readonly ForeignUnit[] = ['litellm-proxy.socket', 'litellm-proxy.service'].map((name) => ({
    ...RUNNING,
    name,
    followers: [],
    links: [],
  }));
  const old: Foreign = {
    kind: 'process',
    path: '/usr/lib/systemd/systemd',
    looksLike: '',
    pid: 1,
    unit: 'litellm-proxy.socket',
    runs,
  };
  assert.deepEqual(untakeable([old]), []);
  assert.deepEqual(commandsOf(planHost(desiredOf(), bare([old])), 'take-over.stop'), [
    'systemctl --no-ask-password stop litellm-proxy.socket litellm-proxy.service',
  ]);
  assert.deepEqual(untakeable([{ ...old, unit: 'nginx.socket' }]).length, 1);
});

test('a switch that fails disables only units that it has enabled', () => {
  const desired = desiredOf();
  const before = (plan: Plan): readonly string[] =>
    plan.recover.before.flatMap((action) => (action.kind === 'command' ? [action.argv.slice(2).join(' ')] : []));
  assert.deepEqual(before(planHost(desired, litellmHost())), [
    'stop litellm.socket litellm.service',
    'disable litellm.socket litellm.service',
  ]);
  assert.deepEqual(before(planHost(desiredOf({ port: 4001 }), installed(desired))), [
    'stop litellm.socket litellm.service',
  ]);
});

test('processes and units that could not be put back are not taken over', () => {
  const loose: Foreign = {
    kind: 'process',
    path: '/usr/sbin/nginx',
    looksLike: 'nginx (pid 9, nginx.service) holds the port',
    pid: 9,
    unit: 'nginx.service',
  };
  const mine: Foreign = {
    kind: 'process',
    path: '/bin/litellm',
    looksLike: '',
    pid: 9,
    unit: 'litellm.service',
    unitOf: 'lena',
  };
  const transient: Foreign = {
    kind: 'unit',
    path: '/run/systemd/transient/litellm.service',
    looksLike: '',
    runs: [{ ...RUNNING, fragment: '/run/systemd/transient/litellm.service' }],
  };
  const withoutFile: Foreign = {
    kind: 'process',
    path: '/bin/litellm',
    looksLike: '',
    pid: 9,
    unit: 'litellm.service',
    runs: [{ ...RUNNING, fragment: '' }],
  };
  const masked: Foreign = { kind: 'unit', path: UNIT_FILE, looksLike: '', masked: true, runs: [RUNNING] };
  const stopped: Foreign = { ...masked, runs: [{ ...RUNNING, active: false }] };
  const bad = [loose, mine, transient, withoutFile, masked];
  assert.deepEqual(untakeable([...OLD, ...bad, stopped]), bad);
});
