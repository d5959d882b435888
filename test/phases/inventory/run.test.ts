import assert from 'node:assert/strict';

import { test } from 'node:test';

import { GUIDE, hostOf, Tree } from '../../config/tree.ts';
import { KEY, PASSWORD, SEALING, run, write } from './stage.ts';

test('complete files are not changed, and a note says so', async () => {
  using tree = new Tree(GUIDE);
  const { report, notes } = await run(tree);
  assert.deepEqual([report.ending, report.changes, report.edits], ['passed', 0, []]);
  assert.equal(notes[0], 'no changes needed');
  assert.match(
    notes[1] ?? '',
    /hxllm inventory --vault-init.*openssl rand -hex 32 \| sed 's\/\^\/sk-\/'.*ansible-vault create inventories\/group_vars\/all\/vault\.yml/,
  );
});

test('without files, --init writes the guide’s layout; read again it has the request, and a second run changes nothing', async () => {
  using tree = new Tree({});
  const request = { init: 'hx-api-server', backends: ['http://hx01:11434/', 'http://hx02:11434'], vaultInit: SEALING };
  const { report } = await run(tree, request);
  assert.equal(report.ending, 'pending');
  assert.deepEqual(
    report.edits.map(({ path, before, mode, secret }) => [path.slice(tree.folder.length + 1), before, mode, secret]),
    [
      ['inventories/dev.ini', undefined, 0o644, false],
      ['inventories/group_vars/all/main.yml', undefined, 0o644, false],
      ['inventories/group_vars/all/.hxllm.schema.json', undefined, 0o644, false],
      ['inventories/group_vars/all/vault.yml', undefined, 0o600, true],
    ],
  );
  assert.doesNotMatch(JSON.stringify(report), /abababab/);
  write(report);
  const { settings, target } = hostOf(await tree.load({ askVaultPassword: () => Promise.resolve(PASSWORD) }));
  assert.equal(target.name, 'hx-api-server');
  assert.ok(settings.masterKey.state === 'set' && settings.masterKey.key.equals(KEY.reveal()));
  assert.deepEqual(
    settings.backends?.map(({ url }) => url),
    ['http://hx01:11434', 'http://hx02:11434'],
  );
  assert.deepEqual(
    settings.models?.map(({ name, model, mode, backends }) => [name, model, mode, backends]),
    [
      ['phi3-3.8b', 'phi3:3.8b-q8_0', 'chat', undefined],
      ['nomic-embed-text', 'nomic-embed-text:latest', 'embedding', ['http://hx01:11434']],
    ],
  );
  const again = await run(tree, { ...request, vaultInit: undefined });
  assert.deepEqual([again.report.ending, again.report.edits], ['passed', []]);
});

test('--init without --backend writes an example, and the next run with --backend completes it', async () => {
  using tree = new Tree({});
  const first = await run(tree, { init: 'admin@192.0.2.1' });
  assert.deepEqual(
    [first.report.ending, first.outcome('inventory.backends'), first.outcome('inventory.models')],
    ['pending', 'not-applicable', 'not-applicable'],
  );
  write(first.report);
  const { target } = hostOf(await tree.load());
  assert.deepEqual([target.address, target.user], ['192.0.2.1', 'admin']);
  const second = await run(tree, { backends: ['http://hx02:11434'] });
  assert.equal(second.report.ending, 'pending');
  const [edit] = second.report.edits;
  assert.ok(edit?.before !== undefined && edit.after.startsWith(edit.before) && edit.after.length > edit.before.length);
});

test('a missing group gets the only host that is not a backend; of several none is guessed', async () => {
  const lists = {
    'inventories/group_vars/all/main.yml':
      'litellm_backends: ["http://hx-llm01:11434"]\nlitellm_models: [{name: a, model: b}]\n',
  };
  using one = new Tree({ ...lists, 'inventories/dev.ini': '# mine\nhx-api\nhx-llm01 # a server\n' });
  const { report } = await run(one);
  assert.deepEqual(
    report.edits.map(({ after }) => after),
    ['# mine\nhx-api\nhx-llm01 # a server\n\n# The gateway’s hosts, added by hxllm.\n[litellm]\nhx-api\n'],
  );
  using several = new Tree({ ...lists, 'inventories/dev.ini': 'a\nb\n' });
  const guess = await run(several);
  assert.deepEqual([guess.report.ending, guess.report.edits, guess.outcome('inventory.group')], ['failed', [], 'fail']);
  assert.match(guess.report.results[0]?.seen ?? '', /a, b/);
  const given = await run(several, { host: 'b' });
  assert.deepEqual([given.report.ending, given.report.edits.length], ['pending', 1]);
});

test('an existing list is never changed, and a --backend that it lacks is reported', async () => {
  using tree = new Tree(GUIDE);
  const { report, outcome } = await run(tree, { backends: ['http://hx01:11434'] });
  assert.deepEqual([report.edits, outcome('inventory.backends-kept'), report.ending], [[], 'fail', 'passed']);
});

test('a backend that is down is named and the models of the others are used; if all are down, nothing is invented', async () => {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n' });
  const partly = await run(tree, { backends: ['http://hx01:11434', 'http://gone:11434'] });
  assert.deepEqual(
    [partly.outcome('inventory.backends-answer'), partly.outcome('inventory.models'), partly.report.ending],
    ['fail', 'pass', 'pending'],
  );
  const none = await run(tree, { backends: ['http://gone:11434'] });
  assert.deepEqual([none.outcome('inventory.models'), none.report.ending], ['unknown', 'failed']);
  assert.doesNotMatch(none.report.edits[0]?.after ?? '', /^litellm_models/m);
});
