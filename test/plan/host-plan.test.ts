import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../src/core/secret.ts';

import { parseNotes } from '../../src/facts/installation/notes.ts';
import { planHost } from '../../src/plan/host-plan.ts';

import { bare, installed, KEY, desiredOf } from './host.ts';
import { idsOf, commandsOf } from './plan-stage.ts';

const UNCONFIRMED = {
  made: [],
  used: ['config-dir /etc/litellm', 'install-dir /opt/litellm', 'user litellm', 'group litellm'],
  confirmed: undefined,
};

const BESIDE = ['service.start', 'service.gate', 'service.take-over'];

test('the marker notes what hxllm makes before any of it is made', () => {
  for (const over of [
    {},
    { configDir: '/srv/hx/conf', installDir: '/srv/hx/conf/inst' },
    { configDir: '/opt/litellm/conf' },
  ]) {
    const desired = desiredOf(over);
    const actions = planHost(desired, bare()).steps.flatMap((step) => step.actions);
    const marker = actions.findIndex((action) => action.kind === 'write' && action.path === desired.paths.marker);
    const written = actions[marker];
    const { made } = parseNotes(written?.kind === 'write' ? String(written.text) : '');
    assert.ok(made.includes('group litellm') && made.includes(`folder ${desired.paths.configDir}`));
    for (const action of actions.slice(0, marker))
      assert.ok(action.kind === 'folder' && `${desired.paths.installDir}/`.startsWith(`${action.path}/`), action.kind);
    const access = actions.findLast((action) => action.kind === 'folder' && action.path === desired.paths.configDir);
    assert.deepEqual(access?.kind === 'folder' && [access.group, access.mode], ['litellm', 0o750]);
  }
});

test('a host in the desired and confirmed state has no steps, with both service managers', () => {
  for (const serviceManager of ['systemd', 'process'] as const) {
    const desired = desiredOf({ serviceManager, prefix: serviceManager === 'process' ? '/p' : '' });
    assert.deepEqual(idsOf(planHost(desired, installed(desired))), []);
  }
});

test('a bare host gets everything, with unused things before the switch', () => {
  const plan = planHost(desiredOf(), bare());
  const desired =
    'folders user.group user.user folders.config runtime release deployment | release.check service.instance files.config.yaml files.litellm.env files.litellm-failed@.service files.litellm-drop-ins files.litellm@.service files.litellm.socket files.litellm.service release.current service.reload service.enable service.start health';
  assert.deepEqual(idsOf(plan), desired.replace('| ', '').split(' '));
  assert.deepEqual(
    plan.steps.map((step) => step.stage),
    [...Array<string>(7).fill('prepare'), ...Array<string>(14).fill('switch')],
  );
  assert.deepEqual(commandsOf(plan, 'user.user'), [
    'useradd --system --gid litellm --comment hxllm gateway --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin litellm',
  ]);
  assert.equal(plan.hasPrevious, false);
});

test('the key is in no text of a plan, nor in its JSON', () => {
  const plan = planHost(desiredOf(), bare());
  assert.doesNotMatch(JSON.stringify(plan), new RegExp(KEY.reveal()));
  assert.equal(plan.steps.find((step) => step.id === 'files.litellm.env')?.detail, 'missing: [redacted]');
});

test('a changed model rewrites the configuration and reloads', () => {
  const before = desiredOf();
  const plan = planHost(desiredOf({ routingStrategy: 'simple-shuffle' }), installed(before));
  assert.deepEqual(idsOf(plan), ['deployment', 'release.check', 'files.config.yaml', 'service.start', 'health']);
  assert.deepEqual(commandsOf(plan, 'service.start'), ['systemctl --no-ask-password reload litellm.service']);
});

test('if more than the configuration differs, or the running state is unknown, a new instance takes over', () => {
  const models = { routingStrategy: 'simple-shuffle' } as const;
  const key = { masterKey: { state: 'set', key: new Secret(`sk-${'b2'.repeat(32)}`), where: {} } } as const;
  const before = installed(desiredOf());
  const unconfirmed = installed(desiredOf(), { notes: UNCONFIRMED });
  // The key was changed and the connection cut before the restart: the file is as desired, the process is not.
  const half = installed(desiredOf(key), { notes: before.installation.notes });
  for (const plan of [
    planHost(desiredOf({ ...models, ...key }), before),
    planHost(desiredOf(models, 'newer'), before),
    planHost(desiredOf(models), unconfirmed),
    planHost(desiredOf({ ...models, ...key }), half),
  ]) {
    assert.deepEqual(
      idsOf(plan).filter((id) => id.startsWith('service.')),
      BESIDE,
      idsOf(plan).join(' '),
    );
  }
});

test('another port closes the old listener and opens the new one', () => {
  const plan = planHost(desiredOf({ port: 4001 }), installed(desiredOf()));
  assert.deepEqual(idsOf(plan), [
    'deployment',
    'release.check',
    'service.instance',
    'files.config.yaml',
    'files.litellm.socket',
    'service.reload',
    'service.start',
    'health',
  ]);
  assert.deepEqual(
    commandsOf(plan, 'service.start').map((line) => line.split(' ').slice(2).join(' ')),
    [
      'stop litellm.socket litellm.service',
      'reset-failed litellm.socket litellm.service litellm@2.service',
      'start litellm.socket litellm.service',
      'start litellm@2.service',
    ],
  );
  const back = plan.recover.after.find((action) => action.kind === 'health');
  assert.equal(back?.port, 4000);
});

test('a new gateway is sent, checked, and then made current', () => {
  const plan = planHost(desiredOf({}, 'newer'), installed(desiredOf()));
  assert.deepEqual(idsOf(plan), ['release', 'deployment', 'release.check', 'release.current', ...BESIDE, 'health']);
});

test('a run that ended before health was confirmed is continued', () => {
  const desired = desiredOf();
  assert.deepEqual(idsOf(planHost(desired, installed(desired, { notes: UNCONFIRMED }))), [
    'deployment',
    ...BESIDE,
    'health',
  ]);
});

test('a stopped service is started, a disabled one enabled', () => {
  const desired = desiredOf();
  const stopped = {
    load: 'loaded',
    active: 'inactive',
    enabled: 'disabled',
    fragment: '',
    needsReload: false,
    program: '',
    followers: [],
  };
  assert.deepEqual(idsOf(planHost(desired, installed(desired, { service: stopped, socket: stopped }))), [
    'service.enable',
    'service.start',
    'health',
  ]);
});

test('a damaged runtime is sent again', () => {
  const desired = desiredOf();
  const plan = planHost(
    desired,
    installed(desired, { runtimes: [{ name: 'node-24.21.0-abababababab', sha256: 'ab'.repeat(32), intact: false }] }),
  );
  assert.deepEqual(idsOf(plan), ['runtime', 'deployment', ...BESIDE, 'health']);
  assert.match(plan.steps[0]?.detail ?? '', /differs from the sent file/);
});

test('a locked key blocks only its own step', () => {
  const actual = installed(desiredOf());
  const plan = planHost(desiredOf({ masterKey: { state: 'locked', file: '/v' } }), actual);
  assert.deepEqual(
    plan.steps.map((step) => [step.id, step.blocked]),
    [['files.litellm.env', 'locked']],
  );
});
