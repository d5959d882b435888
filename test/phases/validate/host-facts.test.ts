import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from '../../../src/config/config.ts';
import type { Fact } from '../../../src/facts/question.ts';
import { judgeOneServer, judgeServed } from '../../../src/phases/validate/fleet.ts';
import type { HostFacts } from '../../../src/phases/validate/host-facts.ts';
import { compareInstalled } from '../../../src/phases/validate/installed.ts';
import { installed, desiredOf } from '../../plan/host.ts';
import { backend, model, settings } from '../../render/settings.ts';

const NOT_ASKED: Fact<never> = { known: false, why: 'not asked' };

function factsOf(over: Readonly<Record<string, unknown>>): HostFacts {
  const known = Object.entries(over).map(([name, value]) => [name, { known: true, value }] as const);
  return {
    footprint: NOT_ASKED,
    foreign: NOT_ASKED,
    installation: NOT_ASKED,
    units: NOT_ASKED,
    ...Object.fromEntries(known),
  };
}

const [ONE, TWO] = ['http://llm01:11434', 'http://llm02:11434'];
const listed = (...value: readonly string[]): object => ({
  answered: true,
  value: value.map((name) => ({ name, digest: undefined })),
});

const served = (over: Partial<Settings>, facts: Readonly<Record<string, unknown>>): readonly (string | undefined)[] => {
  const { outcome, seen, fix } = judgeServed(
    settings({ backends: [backend(ONE), backend(TWO)], ...over }),
    factsOf(facts),
  );
  return [outcome, seen, fix?.split('  #')[0]];
};

test('an alias whose model no server of its list has fails, also if another server has the model', () => {
  const models = [model('a', { model: 'a:1' }), model('b', { model: 'b:1', backends: [ONE] })];
  assert.deepEqual(served({ models }, { [`models ${ONE}`]: listed('a:1'), [`models ${TWO}`]: listed('a:1', 'b:1') }), [
    'fail',
    `b needs b:1, which ${ONE} does not have`,
    `OLLAMA_HOST=${ONE} ollama pull b:1`,
  ]);
  assert.deepEqual(served({ models: [model('a', { backends: [] })] }, {}).slice(0, 2), ['fail', 'a has no backend']);
});

test('an alias with one server that has its model passes, and a silent server leaves it open', () => {
  const models = [model('a', { model: 'Library/a' })];
  assert.deepEqual(
    served({ models }, { [`models ${ONE}`]: listed(), [`models ${TWO}`]: listed('a:latest') })[0],
    'pass',
  );
  const silent = served(
    { models },
    { [`models ${ONE}`]: listed(), [`models ${TWO}`]: { answered: false, why: 'refused' } },
  );
  assert.deepEqual(silent.slice(0, 2), [
    'not-applicable',
    `${TWO} did not tell the host its models; hxllm preflight says why`,
  ]);
});

test('two names with one address on the host are one server if their ports are the same', () => {
  const facts = factsOf({
    'resolves llm01': ['10.0.0.1', 'fd00::1'],
    'resolves gpu': ['fd00::1'],
    'resolves localhost': ['::1'],
    'resolves 127.0.0.1': ['127.0.0.1'],
  });
  const judge = (...urls: readonly string[]): string =>
    judgeOneServer(settings({ backends: urls.map((url) => backend(url)) }), facts).seen;
  assert.equal(
    judge(ONE, 'http://gpu:11434'),
    `${ONE} and http://gpu:11434 are one server, whose slots and memory count twice`,
  );
  assert.match(judge('http://localhost:1', 'http://127.0.0.1:1'), /are one server/);
  assert.match(judge(ONE, 'http://gpu:11435'), /^no address/);
  assert.match(judge(ONE, 'http://gpu:11434/other'), /^no address/);
  assert.match(judge('http://unknown:1', 'http://other:1'), /^the host resolves none/);
});

test('two names of one proxy with other models behind each are two servers', () => {
  const GPU = 'http://gpu:11434';
  const judge = (one: object, other: object): string | undefined => {
    const resolved = { 'resolves llm01': ['10.0.0.1'], 'resolves gpu': ['10.0.0.1'] };
    const facts = factsOf({ ...resolved, [`models ${ONE}`]: one, [`models ${GPU}`]: other });
    return judgeOneServer(settings({ backends: [backend(ONE), backend(GPU)] }), facts).outcome;
  };
  assert.equal(judge(listed('a:1', 'b:1'), listed('a:1')), 'pass');
  assert.equal(judge(listed('a:1', 'b:1'), listed('b:1', 'a:1')), 'fail');
  assert.equal(judge(listed('a:1'), { answered: false, why: 'refused' }), 'fail');
});

test('a difference on the host is shown by the rules of a plan, and a host with nothing is not compared', () => {
  const desired = desiredOf();
  const same = compareInstalled(desired.files, factsOf({ installation: installed(desired).installation }));
  assert.deepEqual([same.verdict.outcome, same.steps], ['pass', []]);
  const other = compareInstalled(
    desiredOf({ port: 4001 }).files,
    factsOf({ installation: installed(desired).installation }),
  );
  assert.deepEqual([other.verdict.outcome, other.verdict.seen], ['fail', 'other ones: config.yaml, litellm.socket']);
  assert.match(other.steps[1]?.detail ?? '', /^- ListenStream=0\.0\.0\.0:4000\n\+ ListenStream=0\.0\.0\.0:4001$/m);
  const { entries: _, ...bare } = installed(desired).installation;
  const nothing = compareInstalled(desired.files, factsOf({ installation: { ...bare, entries: new Map() } }));
  assert.deepEqual([nothing.verdict.outcome, nothing.steps], ['not-applicable', []]);
});
