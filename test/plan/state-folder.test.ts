import assert from 'node:assert/strict';
import { test } from 'node:test';
import { USER_GECOS } from '../../src/core/mark.ts';
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
    folderState({ mode: 0o700, owner, group: owner, ours: ['contexts.json'], names: ['contexts.json', ...more] }),
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
  assert.deepEqual(left, []);
});

test('uninstall leaves a state folder that holds anything else, and says what', () => {
  const { settings, paths } = desiredOf();
  const { plan, left } = planUninstall(settings, paths, learned('litellm', 'litellm.db'));
  assert.ok(
    !plan.steps.flatMap(({ actions }) => actions).some((one) => one.kind === 'remove-empty' && one.path === STATE),
  );
  assert.match(left.join('\n'), /\/var\/lib\/litellm: it holds litellm\.db, which hxllm did not install/);
});
