import assert from 'node:assert/strict';

/** One event of a stream of Anthropic's dialect. */
export interface StreamedEvent {
  readonly type: string;
  readonly index?: number;
  readonly delta?: Readonly<Record<string, unknown>>;
  readonly content_block?: Readonly<Record<string, unknown>>;
  readonly message?: Readonly<Record<string, unknown>>;
  readonly usage?: Readonly<Record<string, unknown>>;
  readonly error?: Readonly<Record<string, unknown>>;
  readonly request_id?: string;
}

/** Parses a stream strictly by the specification: each event has its name and one line of data, whose `type` equals the name. */
export function parseStream(text: string): readonly StreamedEvent[] {
  assert.doesNotMatch(text, /\r/);
  assert.ok(text === '' || text.endsWith('\n\n'), 'the last event is whole');
  return text
    .split('\n\n')
    .slice(0, -1)
    .map((chunk) => {
      const [, name, data] = /^event: (\w+)\ndata: ([^\n]*)$/.exec(chunk) ?? [];
      const event = JSON.parse(data ?? 'null') as StreamedEvent; // the fields are checked below
      assert.equal(event.type, name, chunk);
      return event;
    });
}

/** Assembles the final message from the events of a stream, and checks their order. */
export function messageOf(events: readonly StreamedEvent[]): {
  readonly content: readonly Readonly<Record<string, unknown>>[];
  readonly stop: Readonly<Record<string, unknown>>;
  readonly usage: Readonly<Record<string, unknown>>;
} {
  const relevant = events.filter(({ type }) => type !== 'ping');
  assert.deepEqual(
    [relevant[0]?.type, ...relevant.slice(-2).map(({ type }) => type)],
    ['message_start', 'message_delta', 'message_stop'],
  );
  const content: Record<string, unknown>[] = [];
  let open: number | undefined;
  for (const { type, index, delta, content_block: block } of relevant.slice(1, -2)) {
    if (type === 'content_block_start') {
      assert.deepEqual([open, index], [undefined, content.length], 'one block after the other');
      open = content.push({ ...block }) - 1;
      continue;
    }
    assert.equal(index, open);
    const current = content.at(-1) ?? {};
    if (type === 'content_block_stop') open = undefined;
    else if (delta?.['type'] === 'signature_delta') current['signature'] = delta['signature'];
    else if (delta?.['type'] === 'input_json_delta')
      current['input'] = JSON.parse(String(delta['partial_json'])) as unknown;
    else
      for (const field of ['text', 'thinking'])
        if (delta?.['type'] === `${field}_delta`) current[field] = String(current[field]) + String(delta[field]);
  }
  assert.equal(open, undefined, 'every block is closed');
  const last = relevant.at(-2);
  return { content, stop: last?.delta ?? {}, usage: last?.usage ?? {} };
}
