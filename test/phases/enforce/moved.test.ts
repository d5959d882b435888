import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GATEWAY, makeStage, stepsOf, type Stage } from './stage.ts';

const HX = { configDir: '/etc/hx-litellm' };

// One host for the tests in this file, in their order.
let stage: Stage;

before(async () => {
  stage = await makeStage();
  await stage.enforce(GATEWAY);
});
after(async () => {
  await stage[Symbol.asyncDispose]();
});

const at = (path: string): string => join(stage.prefix, path);
const marker = (): string => readFileSync(at('opt/litellm/.hxllm'), 'utf8');

test('a dry run of a move names every path that goes', async () => {
  const seen = await stage.enforce(GATEWAY, HX, { dryRun: true });
  const [former] = seen.events.flatMap((event) =>
    event.kind === 'plan' ? event.steps.filter(({ id }) => id.startsWith('former.')) : [],
  );
  assert.deepEqual(
    [former?.verb, former?.detail.split('\n')],
    ['remove', [at('etc/litellm/config.yaml'), at('etc/litellm/litellm.env'), at('etc/litellm')]],
  );
  assert.ok(existsSync(at('etc/litellm/litellm.env')) && !existsSync(at('etc/hx-litellm')));
});

test('a move whose switch fails keeps the old folder, which still serves', async () => {
  const broken = "if (process.argv.includes('--check')) process.exit(0); process.exit(1);";
  const seen = await stage.enforce(broken, HX);
  assert.equal(seen.ending, 'failed', JSON.stringify(seen.problems));
  assert.match(seen.problems[0]?.detail ?? '', /The previous state is restored and running/);
  assert.ok(existsSync(at('etc/litellm/litellm.env')));
  assert.ok(!existsSync(at('etc/hx-litellm/litellm.env')));
  assert.match(await stage.ask(), /^sk-/);
});

test('the settings before the move remove what the failed move prepared', async () => {
  const seen = await stage.enforce(GATEWAY);
  assert.equal(seen.ending, 'passed', JSON.stringify(seen.problems));
  assert.deepEqual(stepsOf(seen, 'done'), ['former.files']);
  assert.ok(!existsSync(at('etc/hx-litellm')));
  assert.equal((await stage.enforce(GATEWAY)).changes, 0);
});

test('a move removes the old folder with the key, and a second run changes nothing', async () => {
  const seen = await stage.enforce(GATEWAY, HX);
  assert.equal(seen.ending, 'passed', JSON.stringify(seen.problems));
  assert.equal(stepsOf(seen, 'done').at(-1), 'former.files');
  assert.ok(!existsSync(at('etc/litellm')));
  assert.match(await stage.ask(), /^sk-/);
  assert.equal((await stage.enforce(GATEWAY, HX)).changes, 0);
});

test('a move leaves files of others, and the marker names both folders after a move back', async () => {
  writeFileSync(at('etc/hx-litellm/notes.txt'), 'mine');
  assert.equal((await stage.enforce(GATEWAY)).ending, 'passed');
  assert.equal(readFileSync(at('etc/hx-litellm/notes.txt'), 'utf8'), 'mine');
  assert.ok(!existsSync(at('etc/hx-litellm/litellm.env')));
  assert.match(marker(), new RegExp(`used config-dir ${at('etc/hx-litellm')}\nused|used config-dir.*\nused`));
  assert.equal((await stage.enforce(GATEWAY)).changes, 0);
});

test('a marker of an older version, which names only what was created, is enough for a move', async () => {
  const old = marker()
    .split('\n')
    .filter((line) => !line.startsWith('used '));
  writeFileSync(at('opt/litellm/.hxllm'), old.join('\n'));
  assert.equal((await stage.enforce(GATEWAY, { configDir: '/srv/conf' })).ending, 'passed');
  assert.ok(!existsSync(at('etc/litellm')));
  assert.match(marker(), /^used config-dir .*\/srv\/conf$/m);
});

test('a link to the old folder as the new one keeps the files', async () => {
  symlinkSync(at('srv/conf'), at('srv/link'));
  const seen = await stage.enforce(GATEWAY, { configDir: '/srv/link' });
  assert.equal(seen.ending, 'passed', JSON.stringify(seen.problems));
  assert.ok(existsSync(at('srv/conf/litellm.env')));
  assert.match(await stage.ask(), /^sk-/);
  assert.equal((await stage.enforce(GATEWAY, { configDir: '/srv/link' })).changes, 0);
  rmSync(at('srv/link'));
});

test('the config folder may be inside the install folder, and the install folder’s own things stay', async () => {
  const inside = { configDir: '/opt/litellm/conf' };
  assert.equal((await stage.enforce(GATEWAY, inside)).ending, 'passed');
  assert.ok(!existsSync(at('srv/conf')) && existsSync(at('opt/litellm/conf/litellm.env')));
  assert.equal((await stage.enforce(GATEWAY)).ending, 'passed');
  assert.ok(!existsSync(at('opt/litellm/conf')) && existsSync(at('opt/litellm/releases')));
});

test('uninstall with settings of another folder finds the deployment, and leaves only files of others', async () => {
  mkdirSync(at('etc/litellm/certs'));
  const seen = await stage.uninstall({ over: { configDir: '/etc/never-deployed' } });
  assert.equal(seen.ending, 'passed', JSON.stringify(seen.problems));
  assert.ok(!existsSync(at('opt')) && !existsSync(at('etc/litellm/litellm.env')));
  const left = seen.events.flatMap((event) => (event.kind === 'note' ? [event.text] : []));
  assert.ok(
    left.some((text) => text.includes(`${at('etc/litellm')}: it holds certs`)),
    left.join('\n'),
  );
  const second = await stage.uninstall();
  assert.equal(second.changes, 0);
  assert.ok(second.events.some((event) => event.kind === 'note' && event.text.includes('it holds certs')));
});

test('a folder that an uninstall left with files of others can be deployed to again, and is cleaned up at last', async () => {
  const again = await stage.enforce(GATEWAY);
  assert.equal(again.ending, 'passed', JSON.stringify(again.problems));
  assert.equal((await stage.enforce(GATEWAY)).changes, 0);
  assert.equal((await stage.uninstall()).ending, 'passed');
  assert.ok(statSync(at('etc/litellm/certs')).isDirectory());
  rmSync(at('etc/litellm/certs'), { recursive: true });
  rmSync(at('etc/hx-litellm/notes.txt'), { force: true });
  assert.equal((await stage.uninstall()).ending, 'passed');
  assert.ok(!existsSync(at('etc')), 'the last folder that hxllm created is still there');
  const last = await stage.uninstall();
  assert.equal(last.changes, 0);
  assert.ok(last.events.some((event) => event.kind === 'note' && event.text === 'hxllm has installed nothing here'));
});
