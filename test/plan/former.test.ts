import assert from 'node:assert/strict';
import { test } from 'node:test';
import { USER_GECOS } from '../../src/core/mark.ts';
import type { Footprint } from '../../src/facts/footprint/footprint.ts';
import { parseNotes, writeNotes } from '../../src/facts/installation/notes.ts';
import type { Actual } from '../../src/plan/actual.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import type { Action, Plan } from '../../src/plan/plan.ts';
import { planUninstall } from '../../src/plan/uninstall.ts';
import type { Settings } from '../../src/render/desired.ts';
import { bare, desiredOf, folderState, footprintOf, installed } from './host.ts';
import { commandsOf, idsOf } from './plan-stage.ts';

const former = desiredOf();
const AUDIT_LOG = '/var/log/litellm/audit.log: the log of all changes of this host';

/** A host with the deployment `former`, as a deployment with other settings finds it. */
function seenBy(over: Partial<Settings>, change: (footprint: Footprint) => Partial<Footprint> = () => ({})): Actual {
  const { installation, footprint } = installed(former);
  const desired = desiredOf(over);
  const role = (path: string, name: 'configDir' | 'installDir'): boolean => desired.paths[name] === path;
  const folders = new Map(
    [...footprint.folders].map(([path, state]) => [
      path,
      { ...state, isConfigDir: role(path, 'configDir'), isInstallDir: role(path, 'installDir') },
    ]),
  );
  const moved = { ...footprint, folders };
  const entries = new Map([...installation.entries].filter(([path]) => path.startsWith('/etc/systemd')));
  return { ...bare(), installation: { ...installation, entries }, footprint: { ...moved, ...change(moved) } };
}

function cleaned(plan: Plan): readonly Action[] {
  return plan.steps.filter(({ stage }) => stage === 'clean').flatMap(({ actions }) => actions);
}

test('a move of the config folder removes the old environment file after health, and forgets the folder', () => {
  const plan = planHost(desiredOf({ configDir: '/etc/hx' }), seenBy({ configDir: '/etc/hx' }));
  assert.deepEqual(idsOf(plan).slice(-2), ['health', 'former.files']);
  const actions = cleaned(plan);
  assert.deepEqual(actions.slice(0, 2), [
    { kind: 'remove', paths: ['/etc/litellm/config.yaml', '/etc/litellm/litellm.env'] },
    { kind: 'remove-empty', path: '/etc/litellm' },
  ]);
  const marker = actions.at(-1);
  const notes = parseNotes(marker?.kind === 'write' ? String(marker.text) : '');
  assert.ok(!notes.made.includes('folder /etc/litellm') && notes.made.includes('folder /etc/hx'));
  assert.ok(notes.used.includes('config-dir /etc/litellm') && notes.used.includes('config-dir /etc/hx'));
  assert.match(notes.confirmed ?? '', /^[0-9a-f]{64}\./);
});

test('a move of the install folder notes the new one in both markers before the switch, and takes the old trees and marker', () => {
  const plan = planHost(desiredOf({ installDir: '/srv/hx' }), seenBy({ installDir: '/srv/hx' }));
  const markers = plan.steps
    .filter(({ id }) => id === 'folders')
    .flatMap(({ actions }) => actions.flatMap((action) => (action.kind === 'write' ? [action] : [])));
  assert.deepEqual(
    markers.map(({ path, text }) => [path, parseNotes(String(text)).used.includes('install-dir /srv/hx')]),
    [
      ['/opt/litellm/.hxllm', true],
      ['/srv/hx/.hxllm', true],
    ],
  );
  // Until the switch the old deployment is still confirmed.
  assert.notEqual(parseNotes(String(markers[0]?.text)).confirmed, undefined);
  const paths = cleaned(plan).flatMap((action) =>
    action.kind === 'remove' ? action.paths : action.kind === 'remove-tree' ? [action.path] : [],
  );
  assert.deepEqual(paths, [
    '/opt/litellm/current',
    '/opt/litellm/releases',
    '/opt/litellm/runtimes',
    '/opt/litellm/.hxllm',
    '/opt/litellm/.hxllm-record',
  ]);
});

test('a new group becomes the primary one of hxllm’s user first, and the old one goes last', () => {
  const actual = seenBy({ group: 'readers' });
  const plan = planHost(desiredOf({ group: 'readers' }), {
    ...actual,
    installation: { ...actual.installation, groupExists: false },
  });
  assert.deepEqual(commandsOf(plan, 'user.user'), ['usermod --gid readers litellm']);
  assert.equal(idsOf(plan).at(-1), 'former.group.litellm');
});

test('a group that owns a file of others stays, in a move and in an uninstall, and so does its note', () => {
  const owning = ({ groups }: Footprint): Partial<Footprint> => ({
    groups: new Map([...groups].map(([name, state]) => [name, { ...state, owns: ['/etc/litellm/notes.txt'] }])),
  });
  const moved = planHost(desiredOf({ group: 'readers' }), seenBy({ group: 'readers' }, owning));
  assert.ok(!idsOf(moved).includes('former.group.litellm'));
  const journal = ({ groups }: Footprint): Partial<Footprint> => ({
    groups: new Map(
      [...groups].map(([name, state]) => [name, { ...state, owns: ['/var/lib/litellm/journal/a.000001.jsonl'] }]),
    ),
  });
  const withJournal = planHost(desiredOf({ group: 'readers' }), seenBy({ group: 'readers' }, journal));
  assert.ok(idsOf(withJournal).includes('former.group.litellm'), 'files of the state get the new group in the switch');
  const { installation, footprint } = installed(former);
  const folders = new Map([
    ...footprint.folders,
    ['/etc/litellm', folderState({ isConfigDir: true, ours: ['config.yaml'], names: ['config.yaml', 'notes.txt'] })],
  ]);
  const { plan, left } = planUninstall(former.settings, former.paths, {
    installation,
    footprint: { ...footprint, folders, ...owning(footprint) },
  });
  assert.ok(idsOf(plan).includes('user.user') && !idsOf(plan).includes('user.group'));
  assert.deepEqual(left, [
    '/etc/litellm: it holds notes.txt, which hxllm did not install',
    'the group litellm: it owns /etc/litellm/notes.txt',
    AUDIT_LOG,
  ]);
  const marker = plan.steps
    .flatMap(({ actions }) => actions)
    .find((action) => action.kind === 'write' && action.path === '/etc/litellm/.hxllm');
  assert.deepEqual(parseNotes(marker?.kind === 'write' ? String(marker.text) : ''), {
    made: ['group litellm', 'folder /etc/litellm'],
    used: ['config-dir /etc/litellm'],
    confirmed: undefined,
  });
});

test('an uninstall gives folders that go last to root before their group goes', () => {
  const { plan } = planUninstall(former.settings, former.paths, installed(former));
  const ids = idsOf(plan);
  assert.deepEqual(commandsOf(plan, 'user.group')[0], 'chown -- root:root /etc/litellm');
  assert.ok(ids.indexOf('user.group') < ids.indexOf('folders'));
});

test('a folder that is the same through a link or a second mount is no former one', () => {
  const aliased = ({ folders }: Footprint): Partial<Footprint> => ({
    folders: new Map([...folders].map(([path, state]) => [path, { ...state, isConfigDir: state.ours.length < 4 }])),
  });
  const plan = planHost(desiredOf({ configDir: '/etc/link' }), seenBy({ configDir: '/etc/link' }, aliased));
  assert.deepEqual(cleaned(plan), []);
});

test('a former tree that holds the new folder is not removed', () => {
  const inside = { configDir: '/opt/litellm/releases/conf', installDir: '/srv/hx' };
  const plan = planHost(desiredOf(inside), seenBy(inside));
  const trees = cleaned(plan).flatMap((action) => (action.kind === 'remove-tree' ? [action.path] : []));
  assert.deepEqual(trees, ['/opt/litellm/runtimes']);
});

test('without a marker the unit stands for it: an uninstall takes everything but the log of changes', () => {
  const { installation, footprint } = installed(former, { notes: undefined });
  const folders = new Map(
    [...footprint.folders].map(([path, state]) => [
      path,
      state.isInstallDir ? { ...state, ours: ['current', 'releases'], names: ['current', 'releases'] } : state,
    ]),
  );
  const { plan, left } = planUninstall(former.settings, former.paths, {
    installation,
    footprint: { ...footprint, folders },
  });
  assert.deepEqual(left, [AUDIT_LOG]);
  assert.deepEqual(idsOf(plan), [
    'service.stop',
    'service.units',
    'files',
    'release',
    'user.user',
    'user.group',
    'folders',
  ]);
});

test('a user or group that is gone is forgotten, so that a later one of its name is not hxllm’s', () => {
  const notes = {
    made: ['user old', 'group old', 'group litellm'],
    used: footprintOf(former, undefined).unit === undefined ? [] : ['user old'],
    confirmed: undefined,
  };
  const plan = planHost(desiredOf({ configDir: '/etc/hx' }), {
    ...seenBy({ configDir: '/etc/hx' }),
    footprint: { ...footprintOf(former, notes), folders: new Map() },
  });
  const [marker] = plan.steps.flatMap(({ actions }) =>
    actions.flatMap((action) =>
      action.kind === 'write' && action.path.endsWith('/.hxllm') ? [String(action.text)] : [],
    ),
  );
  assert.deepEqual(
    parseNotes(marker ?? '').made.filter((thing) => /^(?:user|group) /.test(thing)),
    ['group litellm'],
  );
});

test('a foreign user is not removed, whatever the notes say', () => {
  const { installation, footprint } = installed(former);
  const users = new Map([['litellm', { uid: 1001, gid: 997, gecos: 'LiteLLM', owns: [] }]]);
  const { plan, left } = planUninstall(former.settings, former.paths, {
    installation,
    footprint: { ...footprint, users },
  });
  assert.ok(!idsOf(plan).some((id) => id.startsWith('user.')), USER_GECOS);
  assert.deepEqual(left, ['the group litellm: it is the primary group of litellm', AUDIT_LOG]);
});

test('notes survive being written and read, also those without what was used', () => {
  const notes = { made: ['folder /a b'], used: ['config-dir /c'], confirmed: 'x.y' };
  assert.deepEqual(parseNotes(writeNotes(notes)), notes);
  assert.deepEqual(parseNotes('# mark\nmade folder /a\nnonsense\n'), {
    made: ['folder /a'],
    used: [],
    confirmed: undefined,
  });
});
