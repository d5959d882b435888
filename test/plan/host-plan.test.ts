import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../src/core/secret.ts';
import type { Foreign } from '../../src/facts/foreign.ts';
import { parseNotes } from '../../src/facts/installation/notes.ts';
import { notesAfter } from '../../src/plan/folders.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { planRemoval } from '../../src/plan/removal.ts';
import { putBackCommands, untakeable } from '../../src/plan/take-over.ts';
import { bare, installed, KEY, wantedOf } from './host.ts';

function idsOf(plan: Plan): readonly string[] {
  return plan.steps.map((step) => step.id);
}

function commandsOf(plan: Plan, id: string): readonly string[] {
  return plan.steps
    .filter((step) => step.id === id)
    .flatMap((step) => step.actions)
    .flatMap((action) => (action.kind === 'command' ? [action.argv.join(' ')] : []));
}

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

test('where everything is as wanted and confirmed there are no steps, for both service managers', () => {
  for (const serviceManager of ['systemd', 'process'] as const) {
    const wanted = wantedOf({ serviceManager, prefix: serviceManager === 'process' ? '/p' : '' });
    assert.deepEqual(idsOf(planHost(wanted, installed(wanted))), []);
  }
});

test('a bare host gets everything, what nobody uses yet before the switch', () => {
  const plan = planHost(wantedOf(), bare());
  const wanted =
    'user.group user.user folders runtime release | release.check files.config.yaml files.litellm.env files.litellm.socket files.litellm.service release.current service.reload service.enable service.start health';
  assert.deepEqual(idsOf(plan), wanted.replace('| ', '').split(' '));
  assert.deepEqual(
    plan.steps.map((step) => step.stage),
    [...Array<string>(5).fill('prepare'), ...Array<string>(10).fill('switch')],
  );
  assert.deepEqual(commandsOf(plan, 'user.user'), [
    'useradd --system --gid litellm --comment hxllm gateway --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin litellm',
  ]);
  assert.equal(plan.hasPrevious, false);
});

test('the key is in no text of a plan, nor in its JSON', () => {
  const plan = planHost(wantedOf(), bare());
  assert.doesNotMatch(JSON.stringify(plan), new RegExp(KEY.reveal()));
  assert.equal(plan.steps.find((step) => step.id === 'files.litellm.env')?.detail, 'is not there: [redacted]');
});

test('a changed model rewrites the configuration and reloads', () => {
  const before = wantedOf();
  const plan = planHost(wantedOf({ routingStrategy: 'simple-shuffle' }), installed(before));
  assert.deepEqual(idsOf(plan), ['release.check', 'files.config.yaml', 'service.start', 'health']);
  assert.deepEqual(commandsOf(plan, 'service.start'), ['systemctl --no-ask-password reload litellm.service']);
});

test('where more than the configuration differs, or what runs is not known, it restarts with the listener kept open', () => {
  const models = { routingStrategy: 'simple-shuffle' } as const;
  const key = { masterKey: { state: 'set', key: new Secret(`sk-${'b2'.repeat(32)}`), where: {} } } as const;
  const before = installed(wantedOf());
  const unconfirmed = installed(wantedOf(), { notes: { made: [], confirmed: undefined } });
  // The key was changed and the connection cut before it was restarted: the file is as wanted, the process is not.
  const half = installed(wantedOf(key), { notes: before.installation.notes });
  for (const plan of [
    planHost(wantedOf({ ...models, ...key }), before),
    planHost(wantedOf(models, 'newer'), before),
    planHost(wantedOf(models), unconfirmed),
    planHost(wantedOf({ ...models, ...key }), half),
  ]) {
    assert.deepEqual(
      commandsOf(plan, 'service.start'),
      ['systemctl --no-ask-password restart litellm.service'],
      idsOf(plan).join(' '),
    );
  }
});

test('another port closes the old listener and opens the new one', () => {
  const plan = planHost(wantedOf({ port: 4001 }), installed(wantedOf()));
  assert.deepEqual(idsOf(plan), [
    'release.check',
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
      'reset-failed litellm.socket litellm.service',
      'start litellm.socket litellm.service',
    ],
  );
  const back = plan.recover.after.find((action) => action.kind === 'health');
  assert.equal(back?.port, 4000);
});

test('a new gateway is sent, checked, and then made current', () => {
  const plan = planHost(wantedOf({}, 'newer'), installed(wantedOf()));
  assert.deepEqual(idsOf(plan), ['release', 'release.check', 'release.current', 'service.start', 'health']);
});

test('a run that ended before health was confirmed is taken up again', () => {
  const wanted = wantedOf();
  assert.deepEqual(idsOf(planHost(wanted, installed(wanted, { notes: { made: [], confirmed: undefined } }))), [
    'service.start',
    'health',
  ]);
});

test('a stopped service is started, a disabled one enabled', () => {
  const wanted = wantedOf();
  const stopped = { load: 'loaded', active: 'inactive', enabled: 'disabled', fragment: '', needsReload: false };
  assert.deepEqual(idsOf(planHost(wanted, installed(wanted, { service: stopped, socket: stopped }))), [
    'service.enable',
    'service.start',
    'health',
  ]);
});

test('a damaged runtime is sent again', () => {
  const wanted = wantedOf();
  const plan = planHost(
    wanted,
    installed(wanted, { runtimes: [{ name: 'node-24.21.0-abababababab', sha256: 'ab'.repeat(32), intact: false }] }),
  );
  assert.deepEqual(idsOf(plan), ['runtime', 'service.start', 'health']);
  assert.match(plan.steps[0]?.detail ?? '', /is not what was sent/);
});

test('a locked key blocks its own step alone', () => {
  const seen = installed(wantedOf());
  const plan = planHost(wantedOf({ masterKey: { state: 'locked', file: '/v' } }), seen);
  assert.deepEqual(
    plan.steps.map((step) => [step.id, step.blocked]),
    [['files.litellm.env', 'locked']],
  );
});

test('a take-over copies first, stops the old service in the switch, and can put it all back', () => {
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
  const seen = bare(OLD, {
    service,
    entries: new Map(entries),
    user: { gecos: '', group: 'litellm' },
    groupExists: true,
  });
  const wanted = wantedOf();
  const plan = planHost(wanted, seen);
  assert.equal(idsOf(plan)[0], 'take-over.copy');
  assert.deepEqual(commandsOf(plan, 'take-over.stop'), ['systemctl --no-ask-password disable --now litellm.service']);
  assert.doesNotMatch(JSON.stringify(plan.steps.map((step) => step.detail)), /sk-old/);
  assert.deepEqual(
    plan.recover.after.flatMap((action) => (action.kind === 'command' ? [action.argv.slice(2).join(' ')] : [])),
    ['daemon-reload', 'reset-failed litellm.socket litellm.service', 'enable litellm.service', 'start litellm.service'],
  );
  const from = '/var/backups/litellm-20261124T120000Z/files';
  assert.deepEqual(putBackCommands(wanted, seen), [
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

test('a process that no unit of LiteLLM runs cannot be taken over', () => {
  const loose: Foreign = {
    kind: 'process',
    path: '/usr/sbin/nginx',
    looksLike: 'nginx (pid 9, nginx.service) holds the port',
    pid: 9,
    unit: 'nginx.service',
  };
  assert.deepEqual(untakeable([...OLD, loose], '/opt/litellm', new Map()), [loose]);
});

test('uninstall removes nothing without a mark, and neither a user nor a group that it did not make', () => {
  const wanted = wantedOf();
  const { installation } = installed(wanted, { user: { gecos: 'LiteLLM', group: 'litellm' }, notes: undefined });
  const unmarked = new Map([...installation.entries].map(([path, entry]) => [path, { ...entry, marked: false }]));
  const { plan, left } = planRemoval(wanted.settings, wanted.paths, { ...installation, entries: unmarked });
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

test('users and groups from before their names were changed go too', () => {
  const wanted = wantedOf();
  const marker = planHost(wantedOf({ user: 'gate', group: 'gate' }), bare())
    .steps.flatMap((step) => step.actions)
    .find((action) => action.kind === 'write' && action.path === wanted.paths.marker);
  const notes = parseNotes(marker?.kind === 'write' ? String(marker.text) : '');
  const { plan } = planRemoval(
    wanted.settings,
    wanted.paths,
    installed(wanted, { notes: { ...notes, made: [...notes.made, 'user litellm', 'group litellm'] } }).installation,
  );
  assert.deepEqual(
    idsOf(plan).filter((id) => id.startsWith('user.')),
    ['user.user', 'user.group', 'user.user.gate', 'user.group.gate'],
  );
});

test('a take-over from a unit of another name goes back to it, and says that it runs', () => {
  const old: Foreign = {
    kind: 'process',
    path: '/usr/bin/python3',
    looksLike: 'litellm (pid 7, litellm-proxy.service) holds the port',
    pid: 7,
    unit: 'litellm-proxy.service',
  };
  const plan = planHost(wantedOf(), bare([old]));
  assert.equal(plan.hasPrevious, true);
  assert.ok(
    plan.recover.after.some((action) => action.kind === 'command' && action.argv.includes('litellm-proxy.service')),
  );
});

test('a folder that was there before gets its owner and mode back, and copies of a take-over are told', () => {
  const wanted = wantedOf();
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
  const marker = planHost(wanted, bare([], { entries: new Map(there) }))
    .steps.flatMap((step) => step.actions)
    .find((action) => action.kind === 'write' && action.path === wanted.paths.marker);
  const notes = parseNotes(marker?.kind === 'write' ? String(marker.text) : '');
  assert.ok(notes.made.includes('access 755 litellm:staff /etc/litellm'), notes.made.join('\n'));
  // Later runs see it as they left it, and keep what they noted.
  const later = installed(wanted, { notes, backups: ['/var/backups/litellm-1/put-back.sh'] });
  assert.ok(notesAfter(wanted, later).made.includes('access 755 litellm:staff /etc/litellm'));
  const { plan, left } = planRemoval(wanted.settings, wanted.paths, later.installation);
  assert.deepEqual(plan.steps.find((step) => step.id === 'folders.access')?.actions, [
    { kind: 'folder', path: '/etc/litellm', owner: 'litellm', group: 'staff', mode: 0o755 },
  ]);
  assert.match(left.join('\n'), /sudo sh \/var\/backups\/litellm-1\/put-back\.sh/);
});

test('uninstall takes away what is ours in an order that an interrupted one can go on with', () => {
  const wanted = wantedOf();
  const { plan, left } = planRemoval(wanted.settings, wanted.paths, installed(wanted).installation);
  assert.deepEqual(idsOf(plan), [
    'service.stop',
    'service.units',
    'files',
    'release',
    'user.user',
    'user.group',
    'folders',
  ]);
  assert.deepEqual(plan.steps.at(-1)?.actions[0], { kind: 'remove', paths: ['/opt/litellm/.hxllm'] });
  assert.deepEqual(left, []);
});
