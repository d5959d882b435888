import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NOWHERE } from '../fake-upstream.ts';
import { startGateway, until } from '../running.ts';
import { startAdmin } from './stage.ts';

const stage = await startAdmin();
const { call, done, refused } = stage;

const READS = ['/key/list', '/key/aliases', '/team/list', '/v2/team/list', '/user/list'];
const WRITES = [
  'generate',
  'service-account/generate',
  'update',
  'delete',
  'block',
  'unblock',
  'regenerate',
  'sk-x/regenerate',
  'sk-x/reset_spend',
].map((name) => `/key/${name}`);
const TEAM_WRITES = ['new', 'update', 'delete', 'block', 'unblock', 'member_add', 'member_delete'];
const MORE_WRITES = [
  ...TEAM_WRITES.map((name) => `/team/${name}`),
  ...['new', 'update', 'delete'].flatMap((name) => [`/user/${name}`, `/model/${name}`]),
];

test('reading answers without a database, and makes none; the first change makes it', async () => {
  const file = join(stage.state, 'gateway.db');
  assert.equal((await done('/key/list'))['total_count'], 1);
  assert.match(await refused('/key/update', { key: 'sk-unknown-key-00000' }), /^404/);
  await done('/key/generate', {});
  assert.equal(existsSync(file), true);
});

test('a call is for the master key and management keys, or for read_only keys too, or for a key about itself', async () => {
  const keyOf = async (fields: object): Promise<string> => String((await done('/key/generate', fields))['key']);
  const manager = await keyOf({ key_type: 'management' });
  const reader = await keyOf({ key_type: 'read_only' });
  const user = await keyOf({ user_id: 'u' });
  const chat = await keyOf({ allowed_routes: ['/v1/chat/completions', '/key/generate', '/key/list'] });
  for (const path of [...WRITES, ...MORE_WRITES])
    for (const key of [reader, user, chat, 'sk-of-the-file-00'])
      assert.match(await refused(path, {}, key), /^403 null: This API key is not allowed to call \//, path);
  for (const path of READS) {
    for (const key of [manager, reader]) assert.equal((await call(path, undefined, key)).status, 200, path);
    for (const key of [user, chat, 'sk-of-the-file-00'])
      assert.match(await refused(path, undefined, key), /^403/, path);
  }
  for (const path of [...READS, '/key/info'])
    assert.match(await refused(path, undefined, 'sk-unknown-key-0000'), /^401/);
  const own = String((await done('/key/generate', {}, manager))['key']);
  for (const key of [manager, reader, user, chat, own, 'sk-of-the-file-00']) {
    assert.ok((await done('/key/info', undefined, key))['info']);
    assert.equal((await done(`/key/info?key=${key}`, undefined, key))['key'], key);
    assert.deepEqual(await done('/key/health', undefined, key), { key: 'healthy' });
  }
  for (const key of [user, chat, 'sk-of-the-file-00'])
    for (const other of [own, manager, 'sk-unknown-key-0000', 'file'].filter(
      (each) => each !== 'file' || key !== 'sk-of-the-file-00',
    ))
      assert.match(await refused(`/key/info?key=${other}`, undefined, key), /^403/);
  assert.match(await refused('/v2/key/info', { keys: [user, own] }, user), /^403/);
  assert.match(await refused('/user/info?user_id=other', undefined, user), /^403/);
  assert.match(await refused('/user/info', undefined, user), /^404/);
  assert.match(await refused('/team/info?team_id=file-team', undefined, user), /^403/);
  assert.equal((await done('/team/info', undefined, 'sk-of-the-file-00'))['team_id'], 'file-team');
  // Management is all that a management key may do.
  assert.equal((await call('/v1/models', undefined, manager)).status, 403);
  assert.equal((await call('/v1/models', undefined, reader)).status, 200);
});

test('keys and teams of the operator’s files are read, and never changed: 409 names the file', async () => {
  const key = 'sk-of-the-file-00';
  const { info } = (await done(`/key/info?key=${key}`)) as { info: Record<string, unknown> };
  assert.deepEqual([info['key_alias'], info['rpm_limit'], info['source']], ['file', 7, 'hxllm.keys']);
  for (const [path, body] of [
    ['/key/update', { key, rpm_limit: 1 }],
    ['/key/update', { key_alias: 'file', rpm_limit: 1 }],
    ['/key/delete', { keys: [key] }],
    ['/key/delete', { key_aliases: ['file'] }],
    ['/key/block', { key }],
    ['/key/unblock', { key }],
    ['/key/regenerate', { key, new_key: 'sk-a-new-text-for-it' }],
    [`/key/${key}/reset_spend`, {}],
    ['/team/update', { team_id: 'file-team', rpm_limit: 1 }],
    ['/team/delete', { team_ids: ['file-team'] }],
    ['/team/block', { team_id: 'file-team' }],
    ['/team/member_add', { team_id: 'file-team', member: { user_id: 'u', role: 'user' } }],
    ['/user/new', { teams: ['file-team'] }],
  ] as const)
    assert.match(await refused(path, body), /^409 \w+: .*config\.yaml \(hxllm\.(?:keys|teams);/, path);
  assert.match(await refused('/team/new', { team_id: 'file-team' }), /^400 team_id/);
});

test('models belong to the file', async () => {
  for (const name of ['new', 'update', 'delete'])
    assert.match(await refused(`/model/${name}`, { model_name: 'x' }), /^405 null: Models belong to config\.yaml/);
});

test('a gateway without a master key or without a state folder says so', async () => {
  await using open = await startGateway([{ url: NOWHERE[0] }], {
    general_settings: {},
    hxllm: { state_dir: stage.state },
  });
  const answer = await fetch(`${open.url}/key/generate`, { method: 'POST', body: '{}' });
  assert.equal(answer.status, 403);
  assert.match(await answer.text(), /general_settings\.master_key/);
  await using bare = await startGateway([{ url: NOWHERE[0] }]);
  const none = await bare.ask('/key/generate', { method: 'POST', body: '{}' });
  assert.equal(none.status, 501);
  assert.match(await none.text(), /hxllm\.state_dir/);
  assert.equal((await bare.ask('/key/list')).status, 200);
});

test('every change is a line of the log with both sides, and no line has a key, a hash or a free value', async () => {
  const from = stage.changes().length;
  const made = await done('/key/generate', { key_alias: 'logged', rpm_limit: 1, metadata: { secret: 'canary-0' } });
  const { key, token } = made as Record<string, string>;
  await done('/key/update', { key, rpm_limit: 2, metadata: { secret: 'canary-1' }, odd: 'canary-2' });
  await done('/key/update', { key, rpm_limit: 2 });
  const { key: newer } = await done('/key/regenerate', { key, new_key: 'sk-canary-of-a-rotation', grace_period: '1d' });
  await done('/key/delete', { keys: [newer] });
  const lines = stage.changes().slice(from);
  assert.deepEqual(
    lines.map(({ action, by, alias, kind }) => [action, by, alias, kind]),
    ['key/generate', 'key/update', 'key/update', 'key/regenerate', 'key/delete'].map((action) => [
      action,
      'master',
      'logged',
      'key',
    ]),
  );
  const [, update, again, , deleted] = lines;
  assert.deepEqual(update?.['before'], { rpm_limit: 1, metadata: '[not shown]' });
  assert.deepEqual(update?.['after'], { rpm_limit: 2, metadata: '[not shown]', odd: '[not shown]' });
  assert.deepEqual([again?.['before'], again?.['after']], [{}, {}]);
  assert.equal(deleted?.['after'], null);
  assert.equal((deleted?.['before'] as Record<string, unknown> | undefined)?.['rpm_limit'], 2);
  await done(`/key/${String((await done('/key/generate', { key: 'sk-canary-in-a-path' }))['key'])}/regenerate`, {});
  await stage.ask('/key%2fsk-canary-in-a-path/x', { method: 'POST' });
  await until('the requests are logged', () => stage.ended().some(({ path }) => path === '/key%2fsk-.../x'));
  assert.ok(stage.ended().some(({ path }) => path === '/key/sk-.../regenerate'));
  const text = JSON.stringify(stage.log);
  for (const secret of [key, token, newer, 'canary']) assert.ok(!text.includes(String(secret)), String(secret));
});
