import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { showUsage } from '../../../src/cli/actions/usage.ts';
import { usageDocumentSchema } from '../../../src/cli/views/usage.ts';
import { assertValid } from '../../json-schema.ts';
import { fakeTerminal } from '../../cli/fake-terminal.ts';
import { KEY } from '../running.ts';
import { startAdmin } from './stage.ts';

const stage = await startAdmin();
const today = new Date().toISOString().slice(0, 10);
const asKey = (key: string): object => ({ headers: { authorization: `Bearer ${key}` } });
const made = await stage.done('/key/generate', { key_alias: 'made', user_id: 'ada', tags: ['=t', 'b'] });
const key = String(made['key']);

async function rows(path: string, as?: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const answer = await stage.call(path, undefined, as);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as unknown as readonly Readonly<Record<string, unknown>>[];
}

test('requests are in /spend/logs as LiteLLM shows them, in pages, by key, user and id; a key sees its own', async () => {
  assert.deepEqual(await rows('/spend/logs'), []);
  const first = await stage.chat({ user: 'person' }, asKey(key));
  await first.text();
  for (let count = 0; count < 4; count += 1)
    await (await stage.chat({ stream: true }, asKey('sk-of-the-file-00'))).text();
  await (await stage.chat()).text();
  const all = await rows('/spend/logs?page_size=4');
  assert.equal(all.length, 4);
  const second = await rows('/spend/logs?page_size=4&page=2');
  assert.equal(second.length, 2);
  const row = second.at(-1);
  assert.partialDeepStrictEqual(row, {
    call_type: 'acompletion',
    api_key: made['token'],
    total_tokens: 7,
    prompt_tokens: 5,
    completion_tokens: 2,
    model: 'm',
    model_group: 'm',
    user: 'ada',
    end_user: 'person',
    request_tags: ['=t', 'b'],
    status: 'success',
    requester_ip_address: null,
    ended: 'answered',
    http_status: 200,
  });
  const id = first.headers.get('x-request-id') ?? '';
  for (const query of [
    `api_key=${key}`,
    `api_key=${String(made['token'])}`,
    'user_id=ada',
    `request_id=${id}`,
    `request_id=${String(row?.['request_id'])}`,
  ])
    assert.deepEqual(await rows(`/spend/logs?${query}`), [row], query);
  assert.equal((await rows('/spend/logs?api_key=file')).length, 4);
  assert.deepEqual(await rows('/spend/logs', key), [row]);
  assert.match(await stage.refused('/spend/logs?api_key=file', undefined, key), /^403 api_key/);
  assert.equal((await rows(`/spend/logs?start_date=${today}&summarize=false`)).length, 6);
  assert.deepEqual(await rows('/spend/logs?end_date=2020-01-01&summarize=false'), []);
  assert.deepEqual(await rows(`/spend/logs?start_date=${today}&end_date=${today}&user_id=ada`), [
    { startTime: today, spend: 0, users: { person: 0 }, models: { m: 0 } },
  ]);
  assert.deepEqual(await stage.done('/global/spend'), { spend: 0, max_budget: 0 });
});

test('wrong questions are 422 with the parameter', async () => {
  for (const [query, param] of [
    ['/spend/logs?start_date=2026-13-01', 'start_date'],
    ['/spend/logs?end_date=yesterday', 'end_date'],
    ['/spend/logs?request_id=x', 'request_id'],
    ['/spend/logs?page=0', 'page'],
    ['/spend/logs?page_size=1001', 'page_size'],
    ['/usage?by=colour', 'by'],
    ['/usage?since=30d', 'since'],
    ['/usage?since=2026-11-02&until=2026-11-01', 'until'],
  ] as const)
    assert.match(await stage.refused(query), new RegExp(`^422 ${param}: Expected`), query);
  for (const path of ['/usage', '/global/spend']) assert.match(await stage.refused(path, undefined, key), /^403/);
});

/** The output of `hxllm usage` with the master key of the stage. */
async function usage(by: string, more: object = {}): Promise<string> {
  const keyFile = join(stage.state, 'key');
  writeFileSync(keyFile, `${KEY}\n`, { mode: 0o600 });
  const terminal = fakeTerminal({});
  const code = await showUsage(terminal, { by, since: today, url: stage.url, keyFile, ...more });
  assert.equal(code, 0, terminal.written.err);
  return terminal.written.out;
}

test('hxllm usage sums up by everything, as a table, as JSON by its schema and as CSV that no spreadsheet calculates', async () => {
  assert.match(await usage('key'), /^KEY +REQUESTS.*\nfile +4 +0 +20 +8 +28 +0\n(?:made|master key) +1 /);
  assert.match(await usage('day'), new RegExp(`^DAY .*\\n${today} +6 +0 +30 +12 +42 +0\\nall +6 `));
  assert.match(await usage('user'), /\nperson +1 /);
  assert.match(await usage('team'), /\nfile-team +4 /);
  for (const by of ['model', 'backend']) assert.match(await usage(by), / 6 +0 +30 +12 +42/);
  const csv = await usage('tag', { csv: true });
  assert.match(csv, /^tag,name,requests,unanswered,lost,prompt_tokens,completion_tokens,total_tokens,cost\n/);
  assert.ok(csv.includes("\n'=t,'=t,1,0,0,5,2,7,0\n"), csv);
  assertValid(usageDocumentSchema(), JSON.parse(await usage('key', { json: true })));
});
