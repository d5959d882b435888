import assert from 'node:assert/strict';
import { readFileSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Settings } from '../../../src/config/config.ts';
import type { PhaseTools } from '../../../src/core/phase.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { RollbackRequest } from '../../../src/phases/enforce/rollback/target.ts';
import { GATEWAY, makeStage, stepsOf, type Seen, type Stage } from './stage.ts';

// One host for the tests in this file, in their order: each test starts with the state that the previous one left.
let stage: Stage;
const BREAKABLE = GATEWAY.replace(
  'if (!process.env',
  "if ((await import('node:fs')).existsSync(process.argv[process.argv.indexOf('--config') + 1].replace('etc/litellm/config.yaml', 'broken'))) process.exit(1);\n$&",
);
const NEWER = `${GATEWAY}\n// another release`;
const OLD_KEY = `sk-${'a1'.repeat(32)}`;
const NEW_KEY = `sk-${'77'.repeat(32)}`;
const ROTATED: Partial<Settings> = { masterKey: { state: 'set', key: new Secret(NEW_KEY), where: {} } };
const SHUFFLED: Partial<Settings> = { ...ROTATED, routingStrategy: 'simple-shuffle' };

const at = (path: string): string => join(stage.prefix, path);
const config = (): string => readFileSync(at('etc/litellm/config.yaml'), 'utf8');
const current = (): string => readlinkSync(at('opt/litellm/current'));
const rollback = (
  to: number,
  over: Partial<RollbackRequest> = {},
  dryRun = false,
  tools: Partial<PhaseTools> = {},
): Promise<Seen> =>
  // A vault that nobody opened: a rollback needs no key of it.
  stage.enforce(
    NEWER,
    { masterKey: { state: 'locked', file: '/vault.yml' } },
    { dryRun, rollback: { to, codeOnly: false, ...over } },
    { by: 'ada@workstation', ...tools },
  );
/** The names of the runs in the host's own record. */
let ends: readonly string[] = [];
const record = (number: number): Record<string, unknown> =>
  JSON.parse(readFileSync(at(`opt/litellm/deployments/${String(number)}/deployment.json`), 'utf8')) as Record<
    string,
    unknown
  >;

before(async () => {
  stage = await makeStage();
});
after(async () => {
  await stage[Symbol.asyncDispose]();
});

let first = '';
let second = '';

test('a host without deployments has nothing to go back to', async () => {
  const seen = await rollback(-1);
  assert.deepEqual(
    [seen.ending, seen.problems.map(({ code, fix }) => [code, fix])],
    ['failed', [['rollback.none', 'hxllm enforce --limit stage']]],
  );
});

test('the way back is a new deployment with the release and the configuration of the former one, and the key that is valid now', async () => {
  await stage.enforce(BREAKABLE);
  first = current();
  const seen = await stage.enforce(NEWER, SHUFFLED);
  assert.equal(seen.ending, 'passed');
  second = current();
  assert.notEqual(first, second);
  const back = await rollback(-1);
  assert.deepEqual([back.ending, back.problems], ['passed', []]);
  assert.deepEqual(stepsOf(back, 'done'), [
    'deployment',
    'release.check',
    'files.config.yaml',
    'release.current',
    'service.start',
    'health',
  ]);
  ends = back.events.flatMap((event) => (event.kind === 'record' ? [event.id] : []));
  assert.equal(current(), first);
  assert.match(config(), /least-busy/);
  // The stage's gateway answers with its key.
  assert.equal(await stage.ask(), NEW_KEY);
  assert.deepEqual(record(3)['rollback'], { of: 1, codeOnly: false });
  assert.match(back.files.get('summary.txt') ?? '', /^rollback: passed, /);
  assert.ok(!JSON.stringify([back.events, [...back.files]]).includes(OLD_KEY));
});

test('a rollback that was cut off after its end is not done a second time, which would go forward again', async () => {
  const [id = ''] = ends;
  const again = await rollback(-1, {}, false, { cutOff: [id] });
  assert.deepEqual([again.ending, again.changes, current()], ['passed', 0, first]);
  const notes = again.events.flatMap((event) => (event.kind === 'note' ? [event.text] : []));
  assert.match(notes.join('\n'), /^deployment 3 went back to deployment 1 already, in the rollback that was cut off/m);
});

test('a second rollback to the same deployment finds nothing to do', async () => {
  const seen = await rollback(1);
  assert.deepEqual([seen.ending, seen.changes], ['passed', 0]);
});

test('the following enforce says that it undoes the rollback, before it asks', async () => {
  const notes = (seen: Seen): readonly string[] =>
    seen.events.flatMap((event) => (event.kind === 'note' ? [event.text] : []));
  const asked = await stage.enforce(NEWER, SHUFFLED, { dryRun: true }, { by: 'ada@workstation' });
  assert.ok(
    notes(asked).some((text) => text.startsWith('this undoes a rollback: deployment 3 went back to deployment 1')),
    notes(asked).join('\n'),
  );
  const seen = await stage.enforce(NEWER, SHUFFLED);
  assert.deepEqual([seen.ending, current()], ['passed', second]);
  assert.ok(!notes(await stage.enforce(NEWER, SHUFFLED, { dryRun: true })).some((text) => /undoes/.test(text)));
});

test('a former release that does not answer any more is taken back, and the present one goes on', async () => {
  // Its check still passes: the fault shows only when it runs.
  writeFileSync(at('broken'), '');
  const back = await rollback(1);
  rmSync(at('broken'));
  assert.deepEqual([back.ending, back.problems[0]?.code], ['failed', 'enforce.health']);
  assert.match(back.problems[0]?.detail ?? '', /The previous state is restored and running\.$/);
  assert.equal(
    back.problems[0]?.fix,
    'hxllm rollback 1  # after fixing what the host reports; finished steps are not repeated',
  );
  assert.deepEqual([current(), await stage.ask()], [second, NEW_KEY]);
});

test('the code alone goes back with --code-only', async () => {
  const back = await rollback(1, { codeOnly: true });
  assert.deepEqual([back.ending, back.problems], ['passed', []]);
  assert.equal(current(), first);
  assert.match(config(), /simple-shuffle/);
  assert.equal(await stage.ask(), NEW_KEY);
});

test('a host without its environment file is refused before anything changes', async () => {
  const file = at('etc/litellm/litellm.env');
  renameSync(file, `${file}.aside`);
  const seen = await rollback(1);
  renameSync(`${file}.aside`, file);
  assert.deepEqual(
    seen.problems.map(({ code }) => code),
    ['rollback.no-key'],
  );
});

test('a dry run shows the way back and takes no step of it', async () => {
  const seen = await rollback(4, {}, true);
  assert.equal(seen.ending, 'pending');
  assert.ok(stepsOf(seen, 'planned').includes('release.current'));
  assert.equal(current(), first);
});

test('a deployment that is not kept, or never was healthy, is refused with the numbers that are', async () => {
  const broken = await stage.enforce(
    "if (process.argv.includes('--check')) process.exit(0); console.error('boom'); process.exit(1);",
    SHUFFLED,
  );
  assert.equal(broken.problems[0]?.code, 'enforce.health');
  const seen = await rollback(7);
  assert.deepEqual(
    seen.problems.map(({ code }) => code),
    ['rollback.never-healthy'],
  );
  const gone = await rollback(99);
  assert.equal(gone.problems[0]?.code, 'rollback.not-kept');
  assert.match(gone.problems[0].detail, /^Expected one of 1, 2, 3, 4, found 99\. The running one is 6;/);
  const far = await rollback(-5);
  assert.equal(far.problems[0]?.summary, 'no deployment is 5 before the running one');
  assert.equal(await stage.ask(), NEW_KEY);
});

test('a deployment whose files or record were changed on the host is refused, and nothing changes', async () => {
  const before_ = config();
  const kept = at('opt/litellm/deployments/4/files/config.yaml');
  const [text, json] = [readFileSync(kept, 'utf8'), at('opt/litellm/deployments/4/deployment.json')];
  writeFileSync(kept, `${text}# mine\n`);
  assert.equal((await rollback(4)).problems[0]?.code, 'rollback.changed');
  rmSync(kept);
  assert.equal((await rollback(4)).problems[0]?.code, 'rollback.changed');
  writeFileSync(kept, text);
  const whole = readFileSync(json, 'utf8');
  writeFileSync(json, whole.replace('"format": 1', '"format": 9'));
  const newer = await rollback(4);
  assert.match(newer.problems[0]?.detail ?? '', /found format 9/);
  writeFileSync(json, whole.replaceAll('etc/litellm/config.yaml', 'etc/passwd'));
  assert.equal((await rollback(4)).problems[0]?.code, 'rollback.other-files');
  writeFileSync(json, whole);
  writeFileSync(at(`opt/litellm/${second}/gateway.mjs`), 'tampered');
  const damaged = await rollback(4);
  assert.equal(damaged.problems[0]?.code, 'rollback.release');
  assert.match(damaged.problems[0].detail, /: gateway\.mjs\.$/);
  assert.deepEqual([config(), current()], [before_, first]);
});

test('no secret is in any deployment', () => {
  const files = readdirSync(at('opt/litellm/deployments'), { recursive: true, withFileTypes: true });
  const texts = files.flatMap((file) =>
    file.isFile() ? [readFileSync(join(file.parentPath, file.name), 'utf8')] : [],
  );
  assert.ok(texts.length > 10);
  for (const text of texts) assert.doesNotMatch(text, /(?:77){6}|(?:a1){6}/);
});
