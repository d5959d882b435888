import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../../src/core/hash.ts';
import type { Entry } from '../../../src/facts/installation/installation.ts';
import type { Actual } from '../../../src/plan/actual.ts';
import { basisOf } from '../../../src/plan/basis.ts';
import { agoText, changedFacts, differing } from '../../../src/phases/enforce/saved/differing.ts';
import { bare, desiredOf, installed } from '../../plan/host.ts';
import { variantsOf } from '../../plan/variants.ts';

const { release, ...rest } = desiredOf();
// A release of a few bytes: hundreds of plans are written out.
const files = release.files.map((file) => ({ ...file, content: file.name }));
const desired = { ...rest, release: { ...release, files } };
const running = installed(desired);
const PLAN_AGE_S = 1200;
const { configFile, envFile } = desired.paths;

/** The words for a change of a host since a plan that is 20 minutes old. */
function words(before: Actual, after: Actual): readonly string[] {
  const [was, is] = [before, after].map((actual) => basisOf(desired, actual, sha256).facts);
  return changedFacts(differing(was ?? [], is ?? []), { actual: after, desired }, PLAN_AGE_S);
}

/** `undefined`: no plan is made for a state that no host has. */
function factsOf(actual: Actual): ReturnType<typeof basisOf>['facts'] | undefined {
  try {
    return basisOf(desired, actual, sha256).facts;
  } catch {
    return undefined;
  }
}

function withEntry(path: string, over: Partial<Entry>): Actual {
  const { installation } = running;
  const entry = installation.entries.get(path);
  assert.ok(entry !== undefined);
  return {
    ...running,
    installation: { ...installation, entries: new Map([...installation.entries, [path, { ...entry, ...over }]]) },
  };
}

test('a file that somebody edited is named with the time at which it was written', () => {
  const edited = { sha256: sha256('by hand'), text: 'by hand' };
  const said = (over: Partial<Entry>): readonly string[] =>
    words(running, withEntry(configFile, { ...edited, ...over }));
  assert.deepEqual(said({ writtenS: 240, changedS: 200 }), [`${configFile} was edited 4 minutes ago`]);
  // A file that was moved here may be years old.
  assert.deepEqual(said({ writtenS: 9e7, changedS: 200 }), [`${configFile} was edited 3 minutes ago`]);
  assert.deepEqual(said({}), [`${configFile} was edited`]);
  assert.deepEqual(said({ marked: false, text: undefined, writtenS: 5, changedS: 5 }), [
    `${configFile} was edited 5 seconds ago; has the mark of hxllm: expected true, found false`,
  ]);
  assert.deepEqual(words(running, withEntry(envFile, { mode: 0o644, changedS: 7200 })), [
    `${envFile}: mode: expected 0600, found 0644 (changed 2 hours ago)`,
  ]);
});

test('a thing that was removed is told as such, whatever it is', () => {
  const { installation } = running;
  const without = (over: Partial<Actual['installation']>): readonly string[] =>
    words(running, { ...running, installation: { ...installation, ...over } });
  const entries = new Map([...installation.entries].filter(([path]) => path !== configFile));
  assert.deepEqual(without({ entries }), [`${configFile} was removed`]);
  assert.deepEqual(without({ runtimes: [] }), [`${desired.release.runtimeFolder} was removed`]);
  const [first = ''] = installation.releases.keys();
  const releases = new Map([...installation.releases].filter(([name]) => name !== first));
  assert.deepEqual(without({ releases }), [`${desired.paths.releases}/${first} was removed`]);
  const { service } = installation;
  assert.deepEqual(without({ service: service && { ...service, active: 'inactive', enabled: 'disabled' } }), [
    'litellm.service: active: expected active, found inactive; enabled: expected enabled, found disabled',
  ]);
});

test('every change of a host on which a plan rests has words, and none of the names in the code', () => {
  let told = 0;
  for (const base of [bare(), running]) {
    const before = basisOf(desired, base, sha256).facts;
    for (const { place, value } of variantsOf(base)) {
      const differences = differing(before, factsOf(value) ?? before);
      if (differences.length === 0) continue;
      const said = changedFacts(differences, { actual: value, desired }, PLAN_AGE_S);
      told += 1;
      assert.ok(said.length > 0, place);
      for (const sentence of said)
        assert.match(
          sentence,
          /^\S.* (?:was (?:edited|removed|created)|(?:is|are) not as (?:it was|they were)|found \S+)$/,
          place,
        );
      assert.doesNotMatch(said.join(' '), /undefined|footprint|[a-z][A-Z]|\(names\)/, place);
    }
  }
  assert.ok(told > 150, `only ${String(told)} changes`);
});

test('a time is told in the unit that fits', () => {
  const cases = [
    [0, '0 seconds ago'],
    [1, '1 second ago'],
    [89, '89 seconds ago'],
    [240, '4 minutes ago'],
    [5400, '2 hours ago'],
    [7 * 86_400, '7 days ago'],
    [-3, '0 seconds ago'],
  ] as const;
  for (const [seconds, text] of cases) assert.equal(agoText(seconds), text);
});
