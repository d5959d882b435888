import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accumulateResponse } from 'openai/lib/responses/ResponseAccumulator';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { AnswerLines } from '../../../../src/gateway/upstream/ollama/answer-lines.ts';
import { cutAnywhere, eventsOf } from '../../pieces.ts';
import { ended, parsedRequestOf, streamOf, bodyOf } from './parser.ts';
import { responseIn, withoutIds, type StreamedEvent } from './events.ts';

const token = fc.record({
  token: fc.string(),
  logprob: fc.constant(-1),
  bytes: fc.constant(null),
  top_logprobs: fc.constant([]),
});
const call = fc.record({
  id: fc.uuid(),
  name: fc.constantFrom('f', 'sql', 'g__h', 'made up'),
  arguments: fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
});
const said: fc.Arbitrary<ServerEvent> = fc.oneof(
  fc.string({ unit: 'binary' }).map((text): ServerEvent => ({ kind: 'text', text })),
  fc.tuple(fc.string(), fc.array(token)).map(([text, logprobs]): ServerEvent => ({ kind: 'text', text, logprobs })),
  fc.string({ unit: 'binary' }).map((text): ServerEvent => ({ kind: 'thinking', text })),
  call.map((made): ServerEvent => ({ kind: 'tool-call', call: made })),
);
const answer = fc
  .tuple(fc.array(said, { maxLength: 10 }), fc.constantFrom('stop' as const, 'length' as const, 'tool-calls' as const))
  .map(([pieces, reason]) => [...pieces, ended(reason)]);
const TOOLS = [
  { type: 'function', name: 'f' },
  { type: 'custom', name: 'sql' },
  { type: 'namespace', name: 'g', tools: [{ type: 'function', name: 'h' }] },
];

test('a response comes to the same whether it is streamed or not, and the SDK gathers from the events what the last one says', () => {
  fc.assert(
    fc.property(answer, fc.boolean(), (events, summary) => {
      const more = { tools: TOOLS, ...(summary ? { reasoning: { summary: 'detailed' } } : {}) };
      const streamed = streamOf(more, events);
      const last = responseIn(streamed.at(-1));
      assert.deepEqual(withoutIds(bodyOf(more, events)), withoutIds(last));
      const { output } = gathered(streamed.slice(0, -1));
      assert.deepEqual(output, last.output);
    }),
    { numRuns: 300 },
  );
});

/** The response that the SDK assembles from the events. */
function gathered(events: readonly StreamedEvent[]): { readonly output: readonly unknown[] } {
  let snapshot: ReturnType<typeof accumulateResponse> | undefined;
  for (const [index, event] of events.entries())
    snapshot = accumulateResponse({ ...event, sequence_number: index } as unknown as ResponseStreamEvent, snapshot); // the SDK checks the type
  assert.ok(snapshot !== undefined);
  return JSON.parse(JSON.stringify(snapshot)) as { output: readonly unknown[] };
}

const LINES = [
  { message: { thinking: 'mmm – 思' } },
  { message: { content: 'Grüße' } },
  { message: { content: ' 🌍' }, logprobs: [{ token: ' 🌍', logprob: -1 }] },
  { message: { content: '', tool_calls: [{ id: 'call_1', function: { name: 'f', arguments: { ä: '→' } } }] } },
  { message: { content: '' }, done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 9 },
];

test('however a server’s bytes are cut, the events are the same', () => {
  const bytes = Buffer.from(LINES.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const { subrequests } = parsedRequestOf({ stream: true });
  const request = subrequests[0]?.request;
  assert.ok(request?.kind === 'chat');
  const eventsFor = (pieces: readonly Buffer[]): unknown =>
    withoutIds(
      streamOf(
        {},
        eventsOf((emit) => new AnswerLines(emit, { ...request.params, within: 'message', text: 'content' }), pieces),
      ),
    );
  const wanted = eventsFor([bytes]);
  fc.assert(
    fc.property(cutAnywhere(bytes), (pieces) => {
      assert.deepEqual(eventsFor(pieces), wanted);
    }),
    { numRuns: 200 },
  );
});
