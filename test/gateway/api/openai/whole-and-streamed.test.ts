import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ParsedRequest } from '../../../../src/gateway/client-dialect.ts';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { readChat, readCompletion } from '../../../../src/gateway/api/openai/parsed-request.ts';
import { parseEvents } from '../../sse.ts';

interface Delta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}

interface Choice {
  readonly index: number;
  readonly text?: string;
  readonly reasoning_content?: string;
  readonly delta?: Delta;
  readonly message?: Delta;
  readonly finish_reason: string | null;
}

interface Answer {
  readonly choices: readonly Choice[];
  readonly usage?: object | null;
}

const token = fc.record({
  token: fc.string(),
  logprob: fc.constant(-1),
  bytes: fc.constant(null),
  top_logprobs: fc.constant([]),
});
const said: fc.Arbitrary<ServerEvent> = fc.oneof(
  fc.string({ unit: 'binary' }).map((text): ServerEvent => ({ kind: 'text', text })),
  fc.tuple(fc.string(), fc.array(token)).map(([text, logprobs]): ServerEvent => ({ kind: 'text', text, logprobs })),
  fc.string({ unit: 'binary' }).map((text): ServerEvent => ({ kind: 'thinking', text })),
  fc
    .tuple(fc.uuid(), fc.string(), fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }))
    .map(([id, name, given]): ServerEvent => ({ kind: 'tool-call', call: { id, name, arguments: given } })),
);
const ended: fc.Arbitrary<ServerEvent> = fc.record({
  kind: fc.constant('end' as const),
  reason: fc.constantFrom('stop' as const, 'length' as const, 'tool-calls' as const),
  usage: fc.record({ promptTokens: fc.nat(), completionTokens: fc.nat() }),
});
const answers = fc.array(fc.tuple(fc.array(said, { maxLength: 8 }), ended), { minLength: 2, maxLength: 2 });

/** Runs a parsed request whose subrequests get these events, one event of each in turn. */
function carryOut(parsedRequest: ParsedRequest, events: readonly (readonly ServerEvent[])[]): string {
  const encoders = parsedRequest.subrequests.map((subrequest) => subrequest.encoder());
  let text = '';
  for (let turn = 0; turn < Math.max(...events.map(({ length }) => length)); turn += 1) {
    for (const [index, encoder] of encoders.entries()) {
      const event = events[index]?.[turn];
      if (event !== undefined) text += encoder.encode(event);
    }
  }
  return (
    text +
    parsedRequest.close(events.flatMap((own) => own.flatMap((event) => (event.kind === 'end' ? [event.usage] : []))))
  );
}

function summary({ choices, usage }: Answer): unknown {
  return [
    usage,
    choices
      .toSorted((a, b) => a.index - b.index)
      .map(({ index, text, reasoning_content: thought, message, finish_reason: reason }) => [
        index,
        text ?? message?.content ?? '',
        thought ?? message?.reasoning_content ?? '',
        message?.tool_calls?.map(({ id, function: made }) => [id, made]) ?? [],
        reason,
      ]),
  ];
}

/** Assembles the chunks of a stream into one response. */
function gathered(chunks: readonly Answer[]): Answer {
  const choices = new Map<number, Choice>();
  let usage: object | null = null;
  for (const chunk of chunks) {
    usage = chunk.usage ?? usage;
    for (const {
      index,
      text = '',
      reasoning_content: thought = '',
      delta = {},
      finish_reason: reason,
    } of chunk.choices) {
      const known = choices.get(index);
      assert.equal(known?.finish_reason ?? null, null, 'nothing follows a reason');
      const message: Delta = {
        content: (known?.message?.content ?? '') + (delta.content ?? '') + text,
        reasoning_content: (known?.message?.reasoning_content ?? '') + (delta.reasoning_content ?? '') + thought,
        tool_calls: [...(known?.message?.tool_calls ?? []), ...(delta.tool_calls ?? [])],
      };
      choices.set(index, { index, message, finish_reason: reason });
    }
  }
  return { choices: [...choices.values()], usage };
}

for (const [what, read, body] of [
  ['chat', readChat, { model: 'm', messages: [{ role: 'user', content: 'hi' }], n: 2 }],
  ['completion', readCompletion, { model: 'm', prompt: ['a', 'b'], echo: true }],
] as const) {
  test(`a ${what} comes to the same whether it is streamed or not, whatever is said, by several at once`, () => {
    const parsedRequestOf = (stream: boolean): ParsedRequest => {
      const parsedRequest = read(
        Buffer.from(
          JSON.stringify({ ...body, stream, ...(stream ? { stream_options: { include_usage: true } } : {}) }),
        ),
        0,
      );
      assert.ok(parsedRequest.ok);
      return parsedRequest.value;
    };
    fc.assert(
      fc.property(answers, (given) => {
        const events = given.map(([pieces, end]) => [...pieces, end]);
        const whole = JSON.parse(carryOut(parsedRequestOf(false), events)) as Answer;
        const chunks = parseEvents(carryOut(parsedRequestOf(true), events)).slice(0, -1) as readonly Answer[];
        assert.deepEqual(summary(gathered(chunks)), summary(whole));
      }),
      { numRuns: 300 },
    );
  });
}
