import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../src/core/hash.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Entry } from '../../src/facts/installation/installation.ts';
import { basisOf } from '../../src/plan/basis.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import type { Actual } from '../../src/plan/actual.ts';
import { watchReads } from '../../src/plan/reads.ts';
import type { Desired } from '../../src/render/desired.ts';
import { differing } from '../../src/phases/enforce/saved/differing.ts';
import { bare, desiredOf, entryOf, folderState, installed } from './host.ts';
import { variantsOf } from './variants.ts';

/** A run of nobody at no time: neither the operator nor the time is a fact. */
const NOBODY: Actual['origin'] = { at: undefined, who: undefined, from: undefined };

/** A plan as a text; undefined: there is no plan for such a state, since planning throws. */
function planned(desired: Desired, actual: Actual): string | undefined {
  try {
    return JSON.stringify(planHost(desired, { ...actual, timestamp: '', origin: NOBODY }));
  } catch {
    return undefined;
  }
}

/** A desired state whose release is a few bytes long: each plan of thousands is compared with all that it sends. */
function smallOf(...words: Parameters<typeof desiredOf>): Desired {
  const { release, ...rest } = desiredOf(...words);
  return { ...rest, release: { ...release, files: release.files.map((file) => ({ ...file, content: file.name })) } };
}

const desired = smallOf();
const other = smallOf({ port: 4001, installDir: '/srv/litellm', user: 'gateway', group: 'gateway' }, 'another gateway');
const running = installed(desired);
const drifted: Actual = {
  ...running,
  installation: {
    ...running.installation,
    entries: new Map([
      ...running.installation.entries,
      [desired.paths.configFile, entryOf({ mode: 0o644, sha256: sha256('by hand'), text: 'by hand' })],
      [desired.paths.stateFiles[0] ?? '', entryOf({ owner: 'root', marked: false })],
      [desired.paths.marker, entryOf({ mode: 0o600 })],
    ]),
    danglingLinks: ['/etc/systemd/system/multi-user.target.wants/litellm.service'],
    backups: ['/var/backups/litellm-20261101T000000Z/put-back.sh'],
  },
  footprint: {
    ...running.footprint,
    folders: new Map([...running.footprint.folders, ['/srv/old', folderState({ ours: ['config.yaml'] })]]),
    users: new Map([...running.footprint.users, ['older', { uid: 7, gid: 7, gecos: 'other', owns: ['/srv/x'] }]]),
  },
};

test('a fact on which the plan depends is never left out: a plan that changes has a fact that changes', () => {
  let depended = 0;
  for (const [wanted, base] of [
    [desired, bare()],
    [desired, running],
    [other, drifted],
  ] as const) {
    const [before, plan] = [basisOf(wanted, base, sha256), planned(wanted, base)];
    for (const { place, value } of variantsOf(base)) {
      const changed = planned(wanted, value);
      if (changed === undefined || changed === plan) continue;
      depended += 1;
      const now = basisOf(wanted, value, sha256);
      assert.ok(differing(before.facts, now.facts).length > 0, `the plan changes with${place}, and no fact does`);
      assert.notEqual(now.plan, before.plan, place);
    }
  }
  assert.ok(depended > 150, `only ${String(depended)} variants change a plan`);
});

test('the same holds for the variables, the files and the release', () => {
  const [before, plan] = [basisOf(desired, running, sha256), planned(desired, running)];
  let depended = 0;
  for (const { place, value } of variantsOf(desired)) {
    const changed = planned(value, running);
    if (changed === undefined || changed === plan) continue;
    depended += 1;
    const now = basisOf(value, running, sha256);
    assert.ok(differing(before.wanted, now.wanted).length > 0, `the plan changes with${place}, and no value does`);
  }
  assert.ok(depended > 30, `only ${String(depended)} variants change a plan`);
});

test('equal states have equal facts, and what runs by itself is no fact: times, the learned contexts, the way to the host', () => {
  const entries = new Map<string, Entry>(
    [...drifted.installation.entries].map(([path, entry]) => [path, { ...entry, writtenS: 5, changedS: 7 }]),
  );
  const learned = entryOf({ owner: 'root', marked: false, sha256: sha256('learned') });
  const later: Actual = {
    ...drifted,
    timestamp: '20270101T000000Z',
    origin: { at: '2027-01-01T00:00:00Z', who: 'eve', from: 'elsewhere' },
    installation: {
      ...drifted.installation,
      entries: entries.set(desired.paths.stateFiles[0] ?? '', learned),
      daemon: { pid: 99, alive: true },
    },
  };
  const elsewhere = {
    ...desired,
    compress: false,
    release: { ...desired.release, runtime: { ...desired.release.runtime, file: '/elsewhere/node' } },
  };
  assert.deepEqual(basisOf(elsewhere, later, sha256), basisOf(desired, drifted, sha256));
});

test('another key, and another secret of the same length, are another basis; neither is in it', () => {
  const withKey = (key: string): Desired => desiredOf({ masterKey: { state: 'set', key: new Secret(key), where: {} } });
  const [one, two] = ['sk-canary-one', 'sk-canary-two'].map((key) => basisOf(withKey(key), running, sha256));
  assert.ok(one !== undefined && two !== undefined);
  assert.deepEqual(
    differing(one.wanted, two.wanted).map(({ is }) => is.path.join(' ')),
    ['files 1 content text'],
  );
  assert.doesNotMatch(JSON.stringify([one, two]), /canary/);
});

test('a value that cannot be watched is refused, so that nothing is read unnoticed', () => {
  const view = watchReads({ at: { of: new Date(0) } }, () => undefined);
  assert.throws(() => view.at.of, /at of cannot be watched/);
});

test('a view behaves as its value', () => {
  const value = Object.freeze({
    list: Object.freeze(['a', 'b']),
    map: new Map([['k', { deep: 1 }]]),
    set: new Set([1, 2]),
    none: undefined,
  });
  const view = watchReads<typeof value & { readonly more?: string }>(value, () => undefined);
  assert.deepEqual([...view.list, ...view.list.map((each) => each + each)], ['a', 'b', 'aa', 'bb']);
  assert.ok(Array.isArray(view.list) && view.list.includes('b') && view.list.at(-1) === 'b');
  assert.deepEqual([...view.map], [['k', { deep: 1 }]]);
  assert.deepEqual(
    [view.map.size, view.map.get('k')?.deep, view.map.has('x'), [...view.map.values()].length, [...view.set]],
    [1, 1, false, 1, [1, 2]],
  );
  assert.deepEqual({ ...view }.none, undefined);
  assert.deepEqual(Object.keys(view), Object.keys(value));
  assert.equal(view.map.get('k'), view.map.get('k'), 'a part is itself');
  assert.ok(!('more' in view) && 'list' in view);
});
