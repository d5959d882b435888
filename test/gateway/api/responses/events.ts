import assert from 'node:assert/strict';

/** A stream event of the Responses API. */
export interface StreamedEvent extends Readonly<Record<string, unknown>> {
  readonly type: string;
}

/**
 * Parses a stream strictly by the API's rules: lines end with LF, and each event has one `event:` line and one `data:` line. The
 * data repeats the name, the sequence numbers begin at 0 without a gap, and no `[DONE]` follows. Skips comments; checks the numbers
 * and removes them.
 */
export function parseStream(text: string): readonly StreamedEvent[] {
  assert.doesNotMatch(text, /\r/, 'lines end with LF');
  assert.ok(text.endsWith('\n\n'), 'the last event is whole');
  const blocks = text
    .slice(0, -2)
    .split('\n\n')
    .map((block) => block.split('\n').filter((line) => !line.startsWith(':')))
    .filter((lines) => lines.length > 0);
  return blocks.map((lines, index) => {
    assert.equal(lines.length, 2, lines.join('|').slice(0, 200));
    const [name = '', data = ''] = lines;
    assert.ok(data.startsWith('data: '), data.slice(0, 80));
    const { sequence_number: number, ...event } = JSON.parse(data.slice('data: '.length)) as StreamedEvent;
    assert.deepEqual([name, number], [`event: ${event.type}`, index]);
    return event;
  });
}

/** The names of the events; a run of one name counts once. */
export function namesOf(events: readonly StreamedEvent[]): readonly string[] {
  return events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);
}

/** The response that an event carries. */
export function responseIn(
  event: StreamedEvent | undefined,
): Readonly<Record<string, unknown>> & { readonly output: readonly Readonly<Record<string, unknown>>[] } {
  assert.ok(event !== undefined && typeof event['response'] === 'object');
  return event['response'] as ReturnType<typeof responseIn>; // the tests check its fields
}

/** The value with each id reduced to its prefix. */
export function withoutIds(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/"(resp|msg|rs|fc|ctc)_[0-9a-f]{32}"/g, '"$1_"'));
}
