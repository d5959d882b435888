import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { DONE, piece, startFake } from '../../fake-upstream.ts';
import { startGateway } from '../../running.ts';
import { parseStream, responseIn } from './events.ts';

// The second request of a turn of Codex CLI 0.169.0, as `codex exec` sent it; its long texts are shortened.
const RECORDED = new URL('fixtures/codex-0.169.json', import.meta.url);

interface Sent {
  readonly messages: readonly {
    readonly role: string;
    readonly content: string;
    readonly thinking?: string;
    readonly tool_name?: string;
    readonly tool_calls?: readonly { readonly id: string; readonly function: object }[];
  }[];
  readonly tools: readonly { readonly function: { readonly name: string } }[];
}

test('Codex gets its conversation, its functions and its groups of them to the model, and its answer in the form it wants', async () => {
  await using fake = await startFake((_got, outgoing) => {
    outgoing.end(
      `${piece('Closing.')}${JSON.stringify({ message: { content: '', tool_calls: [{ id: 'call_2', function: { name: 'multi_agent_v1__close_agent', arguments: { target: 'a' } } }] }, done: false })}\n${DONE}`,
    );
  });
  await using gateway = await startGateway([fake]);
  const reply = await gateway.ask('/v1/responses', { method: 'POST', body: await readFile(RECORDED) });
  assert.deepEqual(
    [reply.status, reply.headers.get('x-hxllm-ignored-params')],
    [200, 'tools.web_search, include.reasoning.encrypted_content'],
  );

  const { messages, tools } = JSON.parse(fake.requests[0]?.body ?? '') as Sent; // the gateway wrote this JSON
  assert.deepEqual(
    messages.map(({ role }) => role),
    ['system', 'system', 'user', 'user', 'assistant', 'tool'],
  );
  assert.partialDeepStrictEqual(messages.slice(4), [
    {
      content: 'Running it.',
      thinking: 'I should run it.',
      tool_calls: [{ id: 'call_abc', function: { name: 'exec_command', arguments: { cmd: 'echo hello' } } }],
    },
    { tool_name: 'exec_command', tool_call_id: 'call_abc' },
  ]);
  assert.match(messages[5]?.content ?? '', /hello/);
  assert.deepEqual(
    tools.map(({ function: { name } }) => name),
    ['exec_command', 'write_stdin', 'multi_agent_v1__close_agent', 'multi_agent_v1__resume_agent'],
  );

  const last = parseStream(await reply.text()).at(-1);
  assert.equal(last?.type, 'response.completed');
  assert.partialDeepStrictEqual(responseIn(last).output, [
    { type: 'message', content: [{ text: 'Closing.' }] },
    {
      type: 'function_call',
      name: 'close_agent',
      namespace: 'multi_agent_v1',
      arguments: '{"target":"a"}',
      call_id: 'call_2',
    },
  ]);
});
