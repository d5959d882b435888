import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimOf } from '../../../src/core/check.ts';
import { fail, ok } from '../../../src/core/problem.ts';
import { CATALOGUE } from '../../../src/phases/preflight/catalogue.ts';
import { FAMILIES } from '../../../src/phases/preflight/checks/families.ts';
import { checksFor } from '../../../src/phases/preflight/checks/index.ts';
import { runPreflight } from '../../../src/phases/preflight/run.ts';
import { namesIn, unknownNames } from '../../../src/phases/preflight/selection.ts';
import { backendsOf, configOf, createAnsweringHost, hostOf, toolsOf } from './host.ts';
import { GOOD, judge, LLM01, NOW_MS, said, SETTINGS } from './judging.ts';

async function only(names: readonly string[], answers = GOOD, settings = SETTINGS) {
  const tools = toolsOf(() => Promise.resolve(ok(createAnsweringHost('hx-api-server', answers))), NOW_MS);
  const report = await runPreflight(configOf([hostOf('hx-api-server', settings)]), tools, { only: names });
  const kept = tools.files.get('hosts/hx-api-server/questions.sh');
  const script = typeof kept === 'string' ? kept : '';
  const asked = [...script.matchAll(/[0-9a-f]{32}:begin:([^'\\;]+)/g)].map(([, name]) => name);
  return { report, ids: report.results.map(({ id }) => id), asked: new Set(asked) };
}

test('--only asks the questions that its checks and those before them need, and no others', async () => {
  const one = await only(['disk.space']);
  assert.deepEqual(one.ids, ['ssh.reachable', 'system.bash', 'disk.space']);
  assert.deepEqual(one.asked, new Set(['disk', 'programs']));
  assert.equal(one.report.ending, 'passed');
  const family = await only(['models']);
  assert.ok(family.ids.includes('models.everywhere[llama]') && family.ids.includes(`ollama.answers[${LLM01}]`));
  assert.ok(!family.asked.has('disk') && !family.asked.has('footprint'), [...family.asked].join(' '));
  assert.deepEqual(
    (await only([`ollama.answers[${LLM01}]`])).asked,
    new Set(['programs', 'dns', 'resolves hx-llm01-server', `reach ${LLM01}`, `version ${LLM01}`]),
  );
});

test('the verdict of a check is the same alone and among all, so each names every question that it needs', async () => {
  const full = await judge(GOOD);
  for (const expected of full) {
    const { report } = await only([expected.id]);
    assert.deepEqual(
      report.results.find(({ id }) => id === expected.id),
      expected,
    );
  }
});

test('a part of which nothing could be judged has not passed', async () => {
  const dead = await runPreflight(
    configOf([hostOf('dead', SETTINGS)]),
    toolsOf(() => Promise.resolve(fail({ code: 'host.unreachable', summary: 'dead', detail: '', fix: '' }))),
    { only: ['disk.space'] },
  );
  assert.equal(dead.ending, 'failed');
  const silent = await only(['models.present'], { ...GOOD, [`version ${LLM01}`]: '', [`models ${LLM01}`]: said('no') });
  assert.equal(silent.report.ending, 'failed', 'the models of a silent backend are skipped');
  assert.ok(
    silent.report.results.some(({ id, outcome }) => id === `ollama.answers[${LLM01}]` && outcome === 'fail'),
    'the check that reports the cause came along',
  );
});

test('a name that no check of these hosts has is a Problem, so that nothing passes unjudged', async () => {
  const { report } = await only(['models.present[phi3-3.8]']);
  assert.equal(report.ending, 'failed');
  assert.deepEqual(
    report.problems.map(({ code, fix }) => [code, fix]),
    [['preflight.no-such-check', "hxllm preflight --only 'models.present[phi3-3.8b]'"]],
  );
});

test('a slip in a name is answered by the nearest family or id', () => {
  const nearest = (name: string): string | undefined => unknownNames([name])[0]?.nearest;
  assert.equal(nearest('dsn'), 'dns');
  assert.equal(nearest('DNS'), 'dns');
  assert.equal(nearest('Models.Present[phi3]'), 'models.present');
  assert.equal(nearest('disk.spaec'), 'disk.space');
  assert.equal(nearest('net.backend-resolves'), 'dns.backend-resolves');
  assert.equal(nearest('backend-resolves'), 'dns.backend-resolves');
  assert.equal(nearest('model.presnt[phi3]'), 'models.present');
  assert.equal(nearest('zzzzzz'), undefined);
  assert.deepEqual(unknownNames(['dns', 'models.present[anything]', 'disk.space']), []);
});

test('names are split at commas, except inside the brackets of a subject', () => {
  assert.deepEqual(namesIn(' dns, trust ,,models.present[a,b]'), ['dns', 'trust', 'models.present[a,b]']);
  assert.deepEqual(namesIn(' , '), []);
});

test('the catalogue has every check that some host can have, and every family has a title', () => {
  const variants = [
    hostOf('a', SETTINGS),
    hostOf('b', { serviceManager: 'process', prefix: '/tmp/x' }),
    hostOf('c', { backends: backendsOf('https://b.example:443', 'http://10.0.0.1:11434') }),
  ];
  const known = new Set(CATALOGUE.map(({ id }) => id));
  for (const { settings } of variants) for (const { id } of checksFor(settings)) assert.ok(known.has(claimOf(id)), id);
  for (const { id } of CATALOGUE)
    assert.ok(FAMILIES[id.split('.')[0] ?? ''] !== undefined, `a title for the family of ${id}`);
});
