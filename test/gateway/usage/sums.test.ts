import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway, until, type Running } from '../running.ts';
import { PIECES, startCounting, type Manner, type ServerCounts } from './counting-server.ts';
import { newFolder, rowsIn, sumsIn } from './stage.ts';

const MESSAGES = [{ role: 'user', content: 'hi' }];
const CHATS: readonly (readonly [path: string, body: object, answers?: number])[] = [
  ['/v1/chat/completions', { messages: MESSAGES }],
  ['/v1/chat/completions', { messages: MESSAGES, n: 2 }, 2],
  ['/v1/completions', { prompt: 'hi' }],
  ['/v1/completions', { prompt: ['hi', 'ho'] }, 2],
  ['/v1/responses', { input: 'hi' }],
  ['/v1/messages', { messages: MESSAGES, max_tokens: 50 }],
  ['/api/chat', { messages: MESSAGES }],
  ['/api/generate', { prompt: 'hi' }],
];
const EMBEDDINGS: readonly (readonly [path: string, body: object])[] = [
  ['/v1/embeddings', { input: 'hi' }],
  ['/api/embed', { input: 'hi' }],
  ['/api/embeddings', { prompt: 'hi' }],
];

interface Case {
  readonly path: string;
  readonly body: object;
  readonly manner: Manner;
  /** How the row ends. */
  readonly ended: string;
  /** Pieces of all answers that the client reads before it leaves; `undefined`: it reads to the end. */
  readonly leavesAfter?: number;
}

const CASES: readonly Case[] = [
  ...CHATS.flatMap(([path, body, answers = 1]): Case[] =>
    [true, false].flatMap((stream) => {
      const all = { ...body, stream };
      return [
        { path, body: all, manner: 'whole', ended: 'answered' },
        { path, body: all, manner: 'broken', ended: stream ? 'cut' : 'failed' },
        { path, body: all, manner: 'silent', ended: 'client-left', leavesAfter: stream ? PIECES * answers : 0 },
      ];
    }),
  ),
  ...EMBEDDINGS.flatMap(([path, body]): Case[] => [
    { path, body, manner: 'whole', ended: 'answered' },
    { path, body, manner: 'silent', ended: 'client-left', leavesAfter: 0 },
  ]),
];

/** Asks as a client does that leaves when it has read enough, or, of an answer that is no stream, when the servers have said all. */
async function ask(gateway: Running, { path, body, leavesAfter }: Case, saidAll: () => boolean): Promise<void> {
  const leaving = new AbortController();
  const asked = gateway.ask(path, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', ...body }),
    signal: leaving.signal,
  });
  if (leavesAfter === 0) {
    asked.catch(() => {
      // It has left, which is the point.
    });
    await until('the servers have said all', saidAll);
    // The last pieces are on their way to the gateway.
    await new Promise((resolve) => setTimeout(resolve, 30));
  } else {
    let text = '';
    for await (const bytes of (await asked).body ?? []) {
      text += Buffer.from(bytes).toString();
      if (leavesAfter !== undefined && text.split('word').length > leavesAfter) break;
    }
  }
  leaving.abort();
}

test('in each API the rows have the tokens that the servers counted, also of answers that were cut, and the sums have them, too', async () => {
  const state = newFolder();
  const counts: ServerCounts = { requests: 0, promptTokens: 0, completionTokens: 0 };
  let manner: Manner = 'whole';
  await using one = await startCounting(counts, () => manner);
  await using other = await startCounting(counts, () => manner);
  const backends = { [one.url]: { num_parallel: 4 }, [other.url]: { num_parallel: 4 } };
  // A server that breaks answers is asked again: each case is to reach one.
  const router_settings = { allowed_fails: 1000, num_retries: 0 };
  await using gateway = await startGateway([one, other], {
    hxllm: { state_dir: state, usage: { record: 'always' }, backends },
    router_settings,
  });
  let exact = 0;
  for (const [index, one_case] of CASES.entries()) {
    ({ manner } = one_case);
    const before = { ...counts };
    const answers = one_case.body as { readonly n?: number; readonly prompt?: unknown };
    const requests = answers.n ?? (Array.isArray(answers.prompt) ? answers.prompt.length : 1);
    await ask(gateway, one_case, () => counts.requests === before.requests + requests);
    await until('it has ended', () => gateway.ended().length === index + 1);
    await gateway.service().usage?.flush();
    const row = rowsIn(state).at(-1);
    const label = JSON.stringify(one_case);
    assert.equal(row?.ended, one_case.ended, label);
    assert.equal(row.completion_tokens, counts.completionTokens - before.completionTokens, label);
    // Servers tell the tokens of a prompt with the last line: without one they are estimated.
    const told = counts.promptTokens - before.promptTokens;
    if (told > 0) {
      assert.equal(row.prompt_tokens, told, label);
      exact += told;
    }
    // Vectors that have not come cost nothing.
    const isNothing = one_case.manner === 'silent' && one_case.path.includes('embed');
    assert.equal(row.prompt_tokens > 0, !isNothing, label);
    assert.equal(row.estimated, told > 0 || isNothing ? 0 : 1, label);
    await until('its slots are free', () => gateway.service().scheduler.inFlight === 0);
  }
  const rows = rowsIn(state);
  assert.equal(rows.length, CASES.length);
  const sum = (column: 'prompt_tokens' | 'completion_tokens'): number =>
    rows.reduce((all, row) => all + row[column], 0);
  assert.equal(sum('completion_tokens'), counts.completionTokens);
  assert.equal(exact, counts.promptTokens);
  const [days] = sumsIn(state, 'day');
  assert.deepEqual(days, {
    value: '',
    requests: rows.length,
    lost: 0,
    prompt_tokens: sum('prompt_tokens'),
    completion_tokens: counts.completionTokens,
  });
});
