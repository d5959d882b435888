import assert from 'node:assert/strict';
import { test } from 'node:test';

import { USER_GECOS } from '../../src/core/mark.ts';
import type { Foreign } from '../../src/facts/foreign.ts';
import { parseNotes } from '../../src/facts/installation/notes.ts';
import { notesAfter } from '../../src/plan/folders.ts';
import type { Actual } from '../../src/plan/actual.ts';
import { planHost } from '../../src/plan/host-plan.ts';

import { planUninstall } from '../../src/plan/uninstall.ts';
import { putBackCommands, untakeable } from '../../src/plan/take-over.ts';
import { bare, installed, desiredOf } from './host.ts';
import { idsOf, commandsOf } from './plan-stage.ts';

const OLD: readonly Foreign[] = [
  { kind: 'file', path: '/etc/litellm/config.yaml', looksLike: 'a LiteLLM configuration' },
  { kind: 'unit', path: '/etc/systemd/system/litellm.service', looksLike: 'a LiteLLM unit' },
  { kind: 'unit', path: '/etc/systemd/system/litellm.service.d/o.conf', looksLike: 'a unit' },
  {
    kind: 'process',
    path: '/usr/bin/python3',
    looksLike: 'litellm --port 4000 (pid 7, litellm.service) holds the port',
    pid: 7,
    unit: 'litellm.service',
  },
];

test('a take-over copies first, stops the old service in the switch, and can restore everything', () => {
  const service = { load: 'loaded', active: 'active', enabled: 'enabled', fragment: '', needsReload: false };
  const entries = new Map([
    [
      '/etc/litellm',
      {
        kind: 'folder',
        mode: 0o755,
        owner: 'litellm',
        group: 'litellm',
        sha256: undefined,
        marked: false,
        text: undefined,
      },
    ],
    [
      '/opt/litellm',
      {
        kind: 'folder',
        mode: 0o700,
        owner: 'litellm',
        group: 'litellm',
        sha256: undefined,
        marked: false,
        text: undefined,
      },
    ],
    [
      '/etc/litellm/config.yaml',
      {
        kind: 'file',
        mode: 0o644,
        owner: 'litellm',
        group: 'litellm',
        sha256: 'x',
        marked: false,
        text: 'master_key: sk-old\n',
      },
    ],
  ] as const);
  const actual = bare(OLD, {
    service,
    entries: new Map(entries),
    user: { gecos: '', group: 'litellm' },
    groupExists: true,
  });
  const desired = desiredOf();
  const plan = planHost(desired, actual);
  assert.equal(idsOf(plan)[0], 'take-over.copy');
  assert.deepEqual(commandsOf(plan, 'take-over.stop'), ['systemctl --no-ask-password disable --now litellm.service']);
  assert.doesNotMatch(JSON.stringify(plan.steps.map((step) => step.detail)), /sk-old/);
  assert.deepEqual(
    plan.recover.after.flatMap((action) => (action.kind === 'command' ? [action.argv.slice(2).join(' ')] : [])),
    ['daemon-reload', 'reset-failed litellm.socket litellm.service', 'enable litellm.service', 'start litellm.service'],
  );
  const from = '/var/backups/litellm-20261124T120000Z/files';
  assert.deepEqual(putBackCommands(desired, actual), [
    'sudo systemctl disable --now litellm.socket litellm.service',
    'sudo rm -f /etc/litellm/litellm.env /etc/systemd/system/litellm.socket',
    ...OLD.slice(0, 3).map(({ path }) => `sudo cp -a --remove-destination ${from}${path} ${path}`),
    'sudo chown litellm:litellm /etc/litellm',
    'sudo chmod 755 /etc/litellm',
    'sudo chown litellm:litellm /opt/litellm',
    'sudo chmod 700 /opt/litellm',
    'sudo systemctl daemon-reload',
    'sudo systemctl enable litellm.service',
    'sudo systemctl start litellm.service',
  ]);
});

test('a process outside a LiteLLM unit cannot be taken over', () => {
  const loose: Foreign = {
    kind: 'process',
    path: '/usr/sbin/nginx',
    looksLike: 'nginx (pid 9, nginx.service) holds the port',
    pid: 9,
    unit: 'nginx.service',
  };
  assert.deepEqual(untakeable([...OLD, loose]), [loose]);
});

test('uninstall removes nothing without a mark, and no user or group that hxllm did not create', () => {
  const desired = desiredOf();
  const { installation, footprint } = installed(desired, {
    user: { gecos: 'LiteLLM', group: 'litellm' },
    notes: undefined,
  });
  const unmarked = new Map([...installation.entries].map(([path, entry]) => [path, { ...entry, marked: false }]));
  const { plan, left } = planUninstall(desired.settings, desired.paths, {
    installation: { ...installation, entries: unmarked },
    footprint: {
      ...footprint,
      unit: undefined,
      folders: new Map([...footprint.folders].map(([path, state]) => [path, { ...state, ours: [] }])),
      users: new Map([['litellm', { uid: 999, gid: 997, gecos: 'LiteLLM', owns: [] }]]),
    },
  });
  assert.deepEqual(plan.steps, []);
  assert.deepEqual(
    left.map((line) => line.split(':')[0]),
    [
      '/etc/litellm/config.yaml',
      '/etc/litellm/litellm.env',
      '/etc/systemd/system/litellm.service',
      '/etc/systemd/system/litellm.socket',
      '/opt/litellm',
      'the user litellm',
    ],
  );
});

function withEarlier(actual: Actual): Actual {
  const { footprint } = actual;
  return {
    ...actual,
    footprint: {
      ...footprint,
      users: new Map([...footprint.users, ['gate', { uid: 998, gid: 996, gecos: USER_GECOS, owns: [] }]]),
      groups: new Map([['gate', { gid: 996, primaryOf: ['gate'], owns: [] }], ...footprint.groups]),
    },
  };
}

test('users and groups with former names are removed too', () => {
  const desired = desiredOf();
  const marker = planHost(desiredOf({ user: 'gate', group: 'gate' }), bare())
    .steps.flatMap((step) => step.actions)
    .find((action) => action.kind === 'write' && action.path === desired.paths.marker);
  const notes = parseNotes(marker?.kind === 'write' ? String(marker.text) : '');
  const { plan } = planUninstall(
    desired.settings,
    desired.paths,
    withEarlier(installed(desired, { notes: { ...notes, made: [...notes.made, 'user litellm', 'group litellm'] } })),
  );
  assert.deepEqual(
    idsOf(plan).filter((id) => id.startsWith('user.')),
    // A group can be removed only after every user whose primary group it is.
    ['user.user', 'user.user.gate', 'user.group.gate', 'user.group'],
  );
});

test('a take-over from a unit with another name can return to it, and names it as running', () => {
  const old: Foreign = {
    kind: 'process',
    path: '/usr/bin/python3',
    looksLike: 'litellm (pid 7, litellm-proxy.service) holds the port',
    pid: 7,
    unit: 'litellm-proxy.service',
  };
  const plan = planHost(desiredOf(), bare([old]));
  assert.equal(plan.hasPrevious, true);
  assert.ok(
    plan.recover.after.some((action) => action.kind === 'command' && action.argv.includes('litellm-proxy.service')),
  );
});

test('a folder older than hxllm gets its owner and mode back, and copies of a take-over are named', () => {
  const desired = desiredOf();
  const there = new Map([
    [
      '/etc/litellm',
      {
        kind: 'folder',
        mode: 0o755,
        owner: 'litellm',
        group: 'staff',
        sha256: undefined,
        marked: false,
        text: undefined,
      },
    ],
  ] as const);
  const marker = planHost(desired, bare([], { entries: new Map(there) }))
    .steps.flatMap((step) => step.actions)
    .find((action) => action.kind === 'write' && action.path === desired.paths.marker);
  const notes = parseNotes(marker?.kind === 'write' ? String(marker.text) : '');
  assert.ok(notes.made.includes('access 755 litellm:staff /etc/litellm'), notes.made.join('\n'));
  // Later runs find the access that they set, and keep their notes.
  const later = installed(desired, { notes, backups: ['/var/backups/litellm-1/put-back.sh'] });
  assert.ok(notesAfter(desired, later).made.includes('access 755 litellm:staff /etc/litellm'));
  const { plan, left } = planUninstall(desired.settings, desired.paths, later);
  assert.deepEqual(plan.steps.find((step) => step.id === 'folders.access')?.actions, [
    { kind: 'folder', path: '/etc/litellm', owner: 'litellm', group: 'staff', mode: 0o755 },
  ]);
  assert.match(left.join('\n'), /sudo sh \/var\/backups\/litellm-1\/put-back\.sh/);
});

test('uninstall removes hxllm’s things in an order that an interrupted run can continue', () => {
  const desired = desiredOf();
  const { plan, left } = planUninstall(desired.settings, desired.paths, installed(desired));
  assert.deepEqual(idsOf(plan), [
    'service.stop',
    'service.units',
    'files',
    'release',
    'user.user',
    'user.group',
    'folders',
  ]);
  assert.deepEqual(plan.steps.at(-1)?.actions[0], {
    kind: 'remove',
    paths: ['/opt/litellm/.hxllm', '/opt/litellm/.hxllm-record'],
  });
  assert.deepEqual(left, []);
});
