import assert from 'node:assert/strict';
import { test } from 'node:test';
import { USER_GECOS } from '../../src/core/mark.ts';
import type { Notes } from '../../src/facts/installation/installation.ts';
import type { Actual } from '../../src/plan/actual.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import { planUninstall } from '../../src/plan/uninstall.ts';
import { bare, desiredOf, entryOf, folderState, installed } from './host.ts';
import { commandsOf, idsOf } from './plan-stage.ts';

const STATE = '/var/lib/litellm';

/** An installed host whose gateway has learned something; `more` are names in its folder that are not the gateway's. */
function learned(owner = 'litellm', ...more: readonly string[]): Actual {
  const host = installed(desiredOf());
  const folders = new Map(host.footprint.folders).set(
    STATE,
    folderState({
      isStateDir: true,
      mode: 0o700,
      owner,
      group: owner,
      ours: ['contexts.json'],
      names: ['contexts.json', ...more],
    }),
  );
  const entries = new Map(host.installation.entries)
    .set(STATE, entryOf({ kind: 'folder', marked: false, mode: 0o700, owner, group: owner }))
    .set(`${STATE}/contexts.json`, entryOf({ mode: 0o600, owner, group: owner, marked: false }));
  const users = new Map([
    ['litellm', { uid: 999, gid: 997, gecos: USER_GECOS, owns: [STATE, `${STATE}/contexts.json`] }],
  ]);
  return { ...host, installation: { ...host.installation, entries }, footprint: { ...host.footprint, folders, users } };
}

test('enforce makes the state folder for the service alone, and notes it', () => {
  const actions = planHost(desiredOf(), bare())
    .steps.filter(({ id }) => id.startsWith('folders'))
    .flatMap((step) => step.actions);
  assert.partialDeepStrictEqual(
    actions.filter((action) => action.kind === 'folder' && action.path === STATE),
    [{ owner: 'litellm', group: 'litellm', mode: 0o700 }],
  );
  assert.match(JSON.stringify(actions), /made folder \/var\/lib\/litellm/);
});

test('a host of an earlier version gets the folder, and the step names it', () => {
  const host = installed(desiredOf());
  const entries = new Map(host.installation.entries);
  entries.delete(STATE);
  const { steps } = planHost(desiredOf(), { ...host, installation: { ...host.installation, entries } });
  assert.equal(steps.find(({ id }) => id === 'folders.config')?.title, `create ${STATE}`);
});

test('the state stays in an enforce that changes nothing', () => {
  assert.deepEqual(
    idsOf(planHost(desiredOf(), learned())).filter((id) => /^(?:folders|former|files)/.test(id)),
    [],
  );
});

test('a folder of another owner is taken over without its files, but for the gateway’s own', () => {
  const plan = planHost(desiredOf({ user: 'gate', group: 'gate' }), learned());
  const access = plan.steps.find(({ id }) => id === 'folders.access');
  assert.ok(
    access?.actions.some((action) => action.kind === 'folder' && action.path === STATE && action.owner === 'gate'),
  );
  assert.deepEqual(commandsOf(plan, 'folders.access'), [`chown -- gate:gate ${STATE}/contexts.json`]);
  assert.ok(idsOf(plan).includes('former.user.litellm'), idsOf(plan).join(' '));
});

test('uninstall removes the state with its own words, and the folder with it', () => {
  const { settings, paths } = desiredOf();
  const { plan, left } = planUninstall(settings, paths, learned());
  const step = plan.steps.find(({ id }) => id === 'state');
  assert.deepEqual(step?.actions, [{ kind: 'remove', paths: [`${STATE}/contexts.json`] }]);
  assert.match(step.detail, /the contexts that have grown/);
  assert.ok(plan.steps.at(-1)?.actions.some((action) => action.kind === 'remove-empty' && action.path === STATE));
  assert.ok(idsOf(plan).includes('user.user'));
  assert.deepEqual(left, ['/var/log/litellm/audit.log: the log of all changes of this host']);
});

test('uninstall --keep-data leaves the state, its folder and the user who owns it, and a later uninstall removes them', () => {
  const { settings, paths } = desiredOf();
  const kept = planUninstall(settings, paths, learned(), { keepData: true });
  const text = JSON.stringify(kept.plan.steps.flatMap(({ actions }) => actions));
  assert.doesNotMatch(text, /contexts\.json/);
  assert.ok(!idsOf(kept.plan).some((id) => id === 'state' || id.startsWith('user.user')), idsOf(kept.plan).join(' '));
  assert.ok(idsOf(kept.plan).includes('release'));
  assert.ok(kept.left.includes(`${STATE}: contexts.json, the gateway’s data, by --keep-data`), kept.left.join('\n'));
  assert.match(kept.left.join('\n'), /the user litellm: it owns/);
  assert.doesNotMatch(kept.left.join('\n'), /did not install/);
  const later = planUninstall(settings, paths, robbed({ unit: false }, ['contexts.json'], ['contexts.json']));
  assert.ok(idsOf(later.plan).includes('state'), idsOf(later.plan).join(' '));
  assert.ok(idsOf(later.plan).includes('user.user'));
});

test('uninstall leaves a state folder that holds anything else, and says what', () => {
  const { settings, paths } = desiredOf();
  const { plan, left } = planUninstall(settings, paths, learned('litellm', 'litellm.db'));
  assert.ok(
    !plan.steps.flatMap(({ actions }) => actions).some((one) => one.kind === 'remove-empty' && one.path === STATE),
  );
  assert.match(left.join('\n'), /\/var\/lib\/litellm: it holds litellm\.db, which hxllm did not install/);
});

/** A host whose state folder is empty or holds `names`, and that has lost all else but what `kept` says. */
function robbed(
  kept: { readonly notes?: Notes; readonly unit?: boolean; readonly config?: boolean; readonly user?: boolean },
  names: readonly string[] = [],
  ours: readonly string[] = [],
): Actual {
  const { notes, unit = false, config = false, user = true } = kept;
  const host = installed(desiredOf(), { notes });
  const owner = user ? 'litellm' : '999';
  const folders = new Map(
    [...host.footprint.folders].filter(
      ([, { isConfigDir, isInstallDir }]) => (isConfigDir && config) || (isInstallDir && notes !== undefined),
    ),
  ).set(STATE, folderState({ isStateDir: true, mode: 0o700, owner, group: owner, ours, names }));
  const users = new Map(
    user
      ? [
          [
            'litellm',
            { uid: 999, gid: 997, gecos: USER_GECOS, owns: [STATE, ...names.map((name) => `${STATE}/${name}`)] },
          ],
        ]
      : [],
  );
  const entries = new Map(
    [...host.installation.entries].filter(([path]) => [...folders.keys()].some((each) => path.startsWith(each))),
  );
  return {
    ...host,
    installation: { ...host.installation, entries },
    footprint: { ...host.footprint, folders, users, unit: unit ? host.footprint.unit : undefined },
  };
}

/** Whether an uninstall of the host removes its state folder, and the lines about what it leaves. */
function removesState(host: Actual): {
  readonly removes: boolean;
  readonly removesUser: boolean;
  readonly left: readonly string[];
} {
  const { settings, paths } = desiredOf();
  const { plan, left } = planUninstall(settings, paths, host);
  const removes = plan.steps
    .flatMap(({ actions }) => actions)
    .some((one) => one.kind === 'remove-empty' && one.path === STATE);
  return { removes, removesUser: idsOf(plan).includes('user.user'), left };
}

test('uninstall removes an empty state folder by any trace of hxllm, and no other one', () => {
  const forgetful: Notes = {
    made: ['folder /opt/litellm', 'user litellm', 'group litellm'],
    used: ['user litellm'],
    confirmed: undefined,
  };
  assert.deepEqual(
    [
      robbed({}),
      robbed({ unit: true, user: false }),
      robbed({ config: true, user: false }),
      // As an enforce that found no trace but the folder has written it.
      robbed({ notes: forgetful, unit: true }),
      robbed({ user: false }),
      robbed({ notes: { ...forgetful, made: [...forgetful.made, `access 755 root:root ${STATE}`] }, unit: true }),
    ].map((host) => removesState(host).removes),
    [true, true, true, true, false, false],
  );
});

test('an enforce after the loss of all but the state folder notes that folder', () => {
  const plan = planHost(desiredOf(), robbed({}));
  assert.match(JSON.stringify(plan.steps.flatMap(({ actions }) => actions)), /made folder \/var\/lib\/litellm/);
});

test('a state folder with files of the service’s user alone stays, and so does the user', () => {
  const { removes, removesUser, left } = removesState(robbed({ unit: true }, ['core.1234']));
  assert.deepEqual([removes, removesUser], [false, false]);
  assert.match(left.join('\n'), /\/var\/lib\/litellm: it holds core\.1234[\s\S]*the user litellm: it owns/);
});
