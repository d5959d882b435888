import assert from 'node:assert/strict';
import { test } from 'node:test';

import { USER_GECOS } from '../../src/core/mark.ts';
import { parseNotes } from '../../src/facts/installation/notes.ts';
import { notesAfter } from '../../src/plan/folders.ts';
import type { Actual } from '../../src/plan/actual.ts';
import { planHost } from '../../src/plan/host-plan.ts';

import { planUninstall } from '../../src/plan/uninstall.ts';
import { bare, installed, desiredOf } from './host.ts';
import { idsOf } from './plan-stage.ts';

test('uninstall removes nothing without a mark, and no user or group that hxllm did not create', () => {
  const desired = desiredOf();
  const { installation, footprint } = installed(desired, {
    user: { gecos: 'LiteLLM', group: 'litellm' },
    notes: undefined,
    instanceUnits: [],
    inUse: undefined,
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
      '/etc/systemd/system/litellm@.service',
      '/etc/systemd/system/litellm-failed@.service',
      '/etc/systemd/system-generators/litellm-drop-ins',
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
    { kind: 'folder', path: '/etc/litellm', owner: 'litellm', group: 'staff', mode: 0o755, orRoot: true },
  ]);
  // An account that still owns a folder is not removed, so the folder is given back first.
  const ids = idsOf(plan);
  assert.ok(ids.indexOf('folders.access') < ids.indexOf('user.user'), ids.join(' '));
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
  assert.deepEqual(left, ['/var/log/litellm/audit.log: the log of all changes of this host']);
});

const PROGRAM = '/srv/old/runtimes/node-24.21.0-7fde7b8afa19/bin/node';

test('files that a power cut left beside their places go, and keep neither a folder nor an account', () => {
  const desired = desiredOf();
  const { installation, footprint } = installed(desired);
  const { envFile, configDir, serviceUnit } = desired.paths;
  const entry = installation.entries.get(envFile);
  const folder = footprint.folders.get(configDir);
  if (entry === undefined || folder === undefined) throw new Error('the sample has no env file');
  const staged = [`${envFile}.hxllm-new`, `${serviceUnit}.hxllm-new`];
  const { plan, left } = planUninstall(desired.settings, desired.paths, {
    installation: {
      ...installation,
      entries: new Map([...installation.entries, ...staged.map((path) => [path, entry] as const)]),
    },
    footprint: {
      ...footprint,
      folders: new Map([
        ...footprint.folders,
        [configDir, { ...folder, names: [...folder.names, 'litellm.env.hxllm-new'] }],
      ]),
      groups: new Map([['litellm', { gid: 997, primaryOf: [], owns: [staged[0] ?? ''] }]]),
    },
  });
  const actions = plan.steps.flatMap((step) => step.actions);
  const removed = new Set(actions.flatMap((one) => (one.kind === 'remove' ? one.paths : [])));
  for (const path of staged) assert.ok(removed.has(path), path);
  assert.ok(idsOf(plan).includes('user.group'));
  assert.deepEqual(left, ['/var/log/litellm/audit.log: the log of all changes of this host']);
});

test('units whose files were removed by hand are stopped, and the links that enabled them go', () => {
  const desired = desiredOf();
  const actual = installed(desired);
  const { serviceUnit, socketUnit } = desired.paths;
  const entries = new Map(
    [...actual.installation.entries].filter(([path]) => ![serviceUnit, socketUnit].includes(path)),
  );
  const { service, socket } = actual.installation;
  if (service === undefined || socket === undefined) throw new Error('the sample has no units');
  const link = '/etc/systemd/system/sockets.target.wants/litellm.socket';
  const { plan } = planUninstall(desired.settings, desired.paths, {
    footprint: actual.footprint,
    installation: {
      ...actual.installation,
      entries,
      service: { ...service, fragment: serviceUnit, program: PROGRAM },
      socket: { ...socket, load: 'not-found', fragment: '' },
      danglingLinks: [link],
    },
  });
  const [first] = plan.steps;
  assert.equal(first?.title, 'stop litellm.socket and litellm.service');
  assert.match(first.detail, /litellm\.service: its unit file is gone\n.*sockets\.target\.wants/);
  assert.deepEqual(
    first.actions.map((action) => (action.kind === 'command' ? action.argv[2] : action.kind)),
    ['stop', 'remove', 'remove-empty', 'daemon-reload', 'reset-failed'],
  );
});

test('a unit without hxllm’s mark is stopped only while it runs hxllm’s program, and its file stays', () => {
  const desired = desiredOf();
  const actual = installed(desired);
  const { service } = actual.installation;
  if (service === undefined) throw new Error('the sample has no units');
  const idsWith = (program: string): readonly string[] => {
    const { serviceUnit } = desired.paths;
    const entry = actual.installation.entries.get(serviceUnit);
    if (entry === undefined) throw new Error('the sample has no unit file');
    const entries = new Map([...actual.installation.entries, [serviceUnit, { ...entry, marked: false }]]);
    const { plan } = planUninstall(desired.settings, desired.paths, {
      footprint: actual.footprint,
      installation: { ...actual.installation, entries, service: { ...service, fragment: serviceUnit, program } },
    });
    assert.ok(
      !plan.steps
        .flatMap((step) => step.actions)
        .some((one) => one.kind === 'remove' && one.paths.includes(serviceUnit)),
    );
    return idsOf(plan);
  };
  assert.ok(idsWith(PROGRAM).includes('service.lost'));
  assert.ok(!idsWith('/usr/bin/python3').includes('service.lost'));
});
