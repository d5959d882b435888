import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sha256 } from '../../../src/core/hash.ts';
import { ok } from '../../../src/core/problem.ts';
import { Secret } from '../../../src/core/secret.ts';
import { sealPlan, type SavedPlan } from '../../../src/phases/enforce/saved/document.ts';
import { parsePlan } from '../../../src/phases/enforce/saved/parse.ts';
import { savedPlanSchema } from '../../../src/phases/enforce/saved/schema.ts';
import { assertValid } from '../../json-schema.ts';
import { GATEWAY, makeStage, stepsOf, type Seen, type Stage } from './stage.ts';

// One host for the tests in this file, in their order: each test starts with the state that the previous one left.
let stage: Stage;
let plan: SavedPlan;

before(async () => {
  stage = await makeStage();
});
after(async () => {
  await stage[Symbol.asyncDispose]();
});

type Over = Parameters<Stage['enforce']>[1];
const WEAK = 'hunter2';
const keyed = (key: string): Over => ({ masterKey: { state: 'set', key: new Secret(key), where: {} } });

async function save(over: Over = keyed(WEAK), bundle = GATEWAY): Promise<Seen> {
  return stage.enforce(bundle, over, {
    dryRun: true,
    save: (unsealed) => {
      plan = sealPlan(unsealed);
      return Promise.resolve(ok('saved'));
    },
  });
}

async function apply(
  over: Over = keyed(WEAK),
  bundle = GATEWAY,
  options: NonNullable<Parameters<Stage['enforce']>[2]> = {},
): Promise<Seen> {
  // As it comes from the file.
  const read = parsePlan(JSON.stringify(plan, undefined, 1), 'plan.json');
  assert.ok(read.ok);
  return stage.enforce(
    bundle,
    over,
    { saved: { file: 'plan.json', plan: read.value }, ...options },
    {
      confirm: () => Promise.reject(new Error('asked')),
    },
  );
}

/** Whether a run has changed nothing: it began no step. */
function refused(seen: Seen, code: string): string {
  assert.deepEqual([seen.ending, seen.problems.map((problem) => problem.code)], ['failed', [code]]);
  assert.deepEqual([...stepsOf(seen, 'started'), ...stepsOf(seen, 'done')], []);
  assert.match(seen.problems[0]?.detail ?? '', /Nothing was touched\.$/);
  assert.match(seen.problems[0]?.fix ?? '', /hxllm /);
  return seen.problems[0]?.detail ?? '';
}

test('a plan is saved with its steps, as its schema says, and without a secret, also not as a hash that can be guessed', async () => {
  const seen = await save();
  assert.deepEqual([seen.ending, seen.problems], ['pending', []]);
  assert.ok(!existsSync(stage.prefix));
  assertValid(savedPlanSchema(), JSON.parse(JSON.stringify(plan)));
  assert.deepEqual(
    plan.hosts[0]?.steps.map(({ id }) => id),
    stepsOf(seen, 'planned'),
  );
  // On a host without any of the folders no process counts as the gateway.
  assert.equal(plan.hosts[0]?.steps.find(({ id }) => id === 'service.start')?.verb, 'start');
  const text = JSON.stringify(plan);
  assert.doesNotMatch(text, new RegExp(WEAK));
  // With the document alone, no guess can be tried: its hashes have a key that only the host has.
  const guesses = [WEAK, `LITELLM_MASTER_KEY=${WEAK}`, `LITELLM_MASTER_KEY=${WEAK}\n`, `secret ${WEAK}`];
  for (const guess of guesses)
    for (const hash of [sha256(guess), createHmac('sha256', plan.salt).update(guess).digest('hex')])
      assert.ok(!text.includes(hash), guess);
});

test('a plan of a run with a locked vault is not saved', async () => {
  const seen = await save({ masterKey: { state: 'locked', file: '/vault.yml' } });
  assert.deepEqual(
    seen.problems.map(({ code }) => code),
    ['vault.locked'],
  );
});

test('a change in the operator’s files is refused with its name', async () => {
  assert.match(refused(await apply(keyed('hunter3')), 'plan.inputs-changed'), /litellm\.env: another master key/);
  assert.match(
    refused(await apply({ ...keyed(WEAK), routingStrategy: 'simple-shuffle' }), 'plan.inputs-changed'),
    /config\.yaml: other content/,
  );
  assert.match(
    refused(await apply({ ...keyed(WEAK), port: stage.port + 1 }), 'plan.inputs-changed'),
    new RegExp(`litellm_port: expected ${String(stage.port)}, found ${String(stage.port + 1)}`),
  );
  assert.match(
    refused(await apply({ ...keyed(WEAK), installDir: '/opt/other' }), 'plan.inputs-changed'),
    /litellm_install_dir: expected \S+\/opt\/litellm, found \S+\/opt\/other/,
  );
  assert.match(
    refused(await apply(keyed(WEAK), `${GATEWAY}\n// another\n`), 'plan.other-release'),
    /found 0\.0\.1 with the gateway/,
  );
  assert.match(
    refused(
      await apply(keyed(WEAK), GATEWAY, { build: { version: '0.0.2', committedAt: undefined } }),
      'plan.other-release',
    ),
    /Expected hxllm 0\.0\.1, which made the plan, found 0\.0\.2/,
  );
  assert.ok(!existsSync(stage.prefix));
});

test('a plan for other hosts, or of another machine, is refused', async () => {
  const good = plan;
  const [host] = good.hosts;
  assert.ok(host !== undefined);
  plan = sealPlan({ ...good, hosts: [{ ...host, host: 'other' }] });
  assert.match(refused(await apply(), 'plan.other-hosts'), /Expected other, found stage/);
  plan = sealPlan({ ...good, hosts: [host, { ...host, host: 'other' }] });
  assert.match(refused(await apply(), 'plan.other-hosts'), /Expected stage, other, found stage/);
  plan = sealPlan({ ...good, hosts: [host, host] });
  assert.match(refused(await apply(), 'plan.other-hosts'), /Expected stage, stage, found stage/);
  plan = sealPlan({ ...good, hosts: [{ ...host, machine: '0'.repeat(64) }] });
  assert.match(refused(await apply(), 'plan.other-machine'), /another \/etc\/machine-id/);
  // A new seal on an edited plan does not change the actions.
  plan = sealPlan({ ...good, hosts: [{ ...host, plan: '0'.repeat(64) }] });
  assert.match(refused(await apply(), 'plan.other-release'), /the same steps with other actions/);
  plan = good;
});

test('a dry run of a plan says that it still applies, and the plan is applied without a question', async () => {
  const dry = await apply(keyed(WEAK), GATEWAY, { dryRun: true });
  assert.equal(dry.ending, 'pending');
  assert.ok(dry.events.some((event) => event.kind === 'note' && /plan\.json still applies/.test(event.text)));
  assert.ok(!existsSync(stage.prefix));
  const seen = await apply();
  assert.deepEqual([seen.ending, seen.problems], ['passed', []]);
  assert.deepEqual(
    stepsOf(seen, 'done'),
    plan.hosts[0]?.steps.map(({ id }) => id),
  );
  assert.equal(await stage.ask(), WEAK);
});

test('an applied plan is refused as such', async () => {
  const detail = refused(await apply(), 'plan.applied');
  assert.match(detail, /found the state that the plan leads to, reached \d+ seconds? ago/);
});

test('a plan without changes applies for as long as nothing differs', async () => {
  assert.equal((await save()).ending, 'passed');
  assert.deepEqual(plan.hosts[0]?.steps, []);
  const seen = await apply();
  assert.deepEqual([seen.ending, seen.changes], ['passed', 0]);
});

test('every fact that changed is named, with the time where the host tells it', async () => {
  const installed = (path: string): string => join(stage.prefix, path);
  const config = installed('etc/litellm/config.yaml');
  const key = installed('etc/litellm/litellm.env');
  const bundle = installed(`opt/litellm/${readlinkSync(installed('opt/litellm/current'))}/gateway.mjs`);
  const over = { ...keyed(WEAK), routingStrategy: 'simple-shuffle' };
  await save(over);
  const cases: readonly (readonly [string, (file: string) => void, RegExp])[] = [
    [config, (file) => appendFileSync(file, '# by hand\n'), /config\.yaml was edited \d+ seconds? ago/],
    [key, (file) => chmodSync(file, 0o644), /env: mode: expected 0600, found 0644 \(changed \d+ seconds? ago\)/],
    [key, (file) => rmSync(file), /litellm\.env was removed/],
    [key, (file) => appendFileSync(file, 'MORE=1\n'), /litellm\.env was edited \d+ seconds? ago/],
    [bundle, (file) => writeFileSync(file, 'tampered'), /opt\/litellm\/releases\/\w+\/gateway\.mjs is not as it was/],
  ];
  for (const [file, change, words] of cases) {
    const [text, { mode }] = [readFileSync(file), statSync(file)];
    change(file);
    const detail = refused(await apply(over), 'plan.facts-changed');
    assert.match(detail, words);
    assert.equal(detail.split('\n').length, 3, `one sentence for one change: ${detail}`);
    assert.doesNotMatch(detail, new RegExp(WEAK));
    writeFileSync(file, text);
    chmodSync(file, mode);
  }
  // With the former content the facts are the same again.
  assert.equal((await apply(over, GATEWAY, { dryRun: true })).ending, 'pending');
});

test('a damaged, edited or foreign file is refused before anything is reached', () => {
  const whole = JSON.stringify(plan, undefined, 1);
  const read = (text: string): string => {
    const parsed = parsePlan(text, 'plan.json');
    assert.ok(!parsed.ok, text.slice(0, 80));
    assert.deepEqual(parsed.problems[0].where, { file: 'plan.json' });
    return `${parsed.problems[0].code} ${parsed.problems[0].detail}`;
  };
  assert.ok(parsePlan(whole.replaceAll('\n', '\r\n'), 'plan.json').ok, 'line ends do not count');
  const odd = parsePlan('', "the plan's.json");
  assert.equal(
    odd.ok ? '' : odd.problems[0].fix,
    String.raw`hxllm enforce --dry-run --out 'the plan'\''s.json'  # makes a new plan`,
  );
  assert.match(read(''), /^plan\.damaged .*found an empty file/);
  assert.match(read(whole.slice(0, -200)), /^plan\.damaged .*a part of one/);
  assert.match(
    read(whole.replace('"pending"', '"x"').replace('"stage"', '"other"')),
    /^plan\.damaged .*edited by hand/,
  );
  assert.match(read('{"a": 1}'), /^plan\.damaged .*another JSON document/);
  assert.match(read(whole.replace('"schemaVersion": 1', '"schemaVersion": 2')), /^plan\.other-format .*found 2/);
  const { hosts: _hosts, ...rest } = plan;
  assert.match(read(JSON.stringify(sealPlan({ ...rest } as SavedPlan))), /^plan\.damaged .*without some of them/);
});
