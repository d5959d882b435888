import assert from 'node:assert/strict';
import { globSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { ENDPOINTS } from '../../../src/gateway/api/endpoints.ts';
import { DONE, piece, startFake } from '../fake-upstream.ts';
import { addressOf, configFolder, MASTER, start, type Run } from '../main-process.ts';
import { until } from '../running.ts';
import { bytesIn } from './stage.ts';

const { folder, write } = await configFolder();
const MASTER_KEY = 'sk-master-key-of-the-canaries';
/** Texts of keys, and of what people write: all begin alike, so that one search finds each of them. */
const CANARY = 'canary';
const FIRST = 'sk-canary-first-text-of-a-key';
const SECOND = 'sk-canary-second-text-of-a-key';
const OF_FILE = 'sk-canary-of-the-file';
const UNKNOWN = 'sk-canary-of-nobody-at-all';

/** Bodies of every dialect: a prompt, tools, a schema and a name of a user that is a key; and bodies that no dialect takes. */
const WORDS = {
  model: 'm',
  messages: [
    { role: 'system', content: 'canary-system' },
    { role: 'user', content: 'canary-question' },
  ],
  system: 'canary-system',
  prompt: 'canary-prompt',
  input: 'canary-input',
  instructions: 'canary-instructions',
  stop: ['canary-stop'],
  tools: [
    { type: 'function', function: { name: 'canary_tool', description: 'canary', parameters: { type: 'object' } } },
  ],
  user: UNKNOWN,
  metadata: { user_id: 'sk-canary-user', secret: 'canary-metadata' },
  max_tokens: 16,
  stream: false,
};
const BODIES: readonly string[] = [
  JSON.stringify(WORDS),
  JSON.stringify({ ...WORDS, stream: true, tools: undefined }),
  JSON.stringify({ ...WORDS, temperature: 'canary-temperature' }),
  JSON.stringify({ ...WORDS, messages: 'canary-messages', input: 7, prompt: { canary: 1 } }),
  '{"messages": canary-no-json',
];

test('keys and words of people are nowhere: state folder, freed pages, log, metrics, health, /proc', async () => {
  const state = join(folder, 'state');
  await mkdir(state);
  await using fake = await startFake((got, outgoing) => {
    if (got.body.includes('canary-question') && got.path === '/api/embed') outgoing.writeHead(500);
    outgoing.end(piece('canary-answer') + DONE);
  });
  const keys = [{ alias: 'file', hash: apiKeyHash(OF_FILE), trust_user_headers: true }];
  const config = { ...MASTER, hxllm: { state_dir: state, keys, usage: { record: 'always' } } };
  const file = await write('secrets.yaml', config, fake.url);
  const run = start(['--config', file, '--host', '127.0.0.1', '--port', '0'], { LITELLM_MASTER_KEY: MASTER_KEY });
  const ask = async (
    path: string,
    key: string,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<Response> => {
    const answer = await fetch(`http://${await addressOf(run)}${path}`, {
      headers: { authorization: `Bearer ${key}`, ...headers },
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
    return answer;
  };
  const done = async (path: string, key: string, body?: object): Promise<void> => {
    const answer = await ask(path, key, body === undefined ? undefined : JSON.stringify(body));
    assert.equal(answer.status, 200, `${path}: ${await answer.text()}`);
  };
  // The database frees the pages of what is overwritten and deleted.
  await done('/key/generate', MASTER_KEY, { key: FIRST, key_alias: 'portal', duration: '1d' });
  await done('/key/regenerate', MASTER_KEY, { key: FIRST, new_key: SECOND, grace_period: '1h' });
  await done(`/key/${SECOND}/reset_spend`, MASTER_KEY, {});
  await done(`/key/info?key=${SECOND}`, MASTER_KEY);
  await done(`/spend/logs?api_key=${SECOND}`, MASTER_KEY);
  for (const [name, value] of [
    ['x-openwebui-user-id', UNKNOWN],
    ['x-hxllm-caller', UNKNOWN],
    ['x-request-id', UNKNOWN],
    ['x-client-request-id', UNKNOWN],
    ['user-agent', 'canary-agent'],
    ['referer', 'http://x/?q=canary'],
    ['traceparent', 'canary'],
  ] as const)
    await (
      await ask('/v1/chat/completions', OF_FILE, JSON.stringify({ ...WORDS, user: undefined }), { [name]: value })
    ).text();
  for (const path of ENDPOINTS.flatMap(({ paths }) => paths).map((each) => each.replace(':model{.+}', 'm')))
    for (const body of BODIES) await (await ask(path, SECOND, body)).text();
  for (const path of [
    `/v1/models/${SECOND}`,
    `/v1/chat/completions?api_key=${SECOND}`,
    `/key/${UNKNOWN}/nothing`,
    `/${UNKNOWN}`,
    `/api/tags?key=${SECOND}&q=canary`,
  ])
    for (const key of [SECOND, UNKNOWN]) await (await ask(path, key)).text();
  await (await ask('/v1/chat/completions', SECOND, JSON.stringify({ ...WORDS, model: UNKNOWN }))).text();
  await (await ask('/key/generate', MASTER_KEY, JSON.stringify({ key_alias: UNKNOWN, models: FIRST }))).text();
  await (await ask('/key/update', MASTER_KEY, '{"key": canary')).text();
  assert.match(await (await ask('/v1/chat/completions', SECOND, BODIES[0])).text(), /canary-answer/);
  await done('/key/delete', MASTER_KEY, { keys: [SECOND] });
  const seen = [
    ...(await Promise.all(['/metrics', '/health', '/fleet'].map(async (path) => (await ask(path, MASTER_KEY)).text()))),
    ...ofProcess(run),
    bytesIn(state),
  ];
  await until('the last line is written', () => run.out.includes('"path":"/key/delete"'));
  // A crash leaves journal and write-ahead log as they are.
  run.child.kill('SIGKILL');
  await run.code;
  assert.ok(
    globSync('gateway.db-wal', { cwd: state }).length === 1 && globSync('journal/*.jsonl', { cwd: state }).length > 0,
  );
  for (const text of [...seen, bytesIn(state), run.out, run.err]) {
    const at = text.indexOf(CANARY);
    assert.equal(at, -1, text.slice(Math.max(0, at - 300), at + 100));
  }
  assert.ok(run.out.split('\n').length > 80, 'there is a log');
});

/** The parts of a process that other programs of the machine may see. */
function ofProcess({ child }: Run): readonly string[] {
  const place = `/proc/${String(child.pid)}`;
  const links = globSync('fd/*', { cwd: place }).flatMap((name) => {
    try {
      return [readlinkSync(join(place, name))];
    } catch {
      return [];
    }
  });
  return [
    ...['cmdline', 'environ', 'comm', 'status', 'maps'].map((name) => readFileSync(join(place, name), 'utf8')),
    ...links,
  ];
}
