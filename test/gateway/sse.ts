import assert from 'node:assert/strict';

/**
 * Reads a stream by the letter of the specification (WHATWG HTML, server-sent events), and checks what this server promises beyond
 * it: LF alone, one `data:` line in each event, no names, and JSON or `[DONE]` in it. Comments are skipped.
 */
export function parseEvents(text: string): readonly unknown[] {
  assert.doesNotMatch(text, /\r/, 'lines end with LF');
  assert.ok(text === '' || text.endsWith('\n\n'), 'the last event is whole');
  const events: unknown[] = [];
  let data: string | undefined;
  for (const line of text.split('\n').slice(0, -1)) {
    if (line === '') {
      if (data !== undefined) events.push(data === '[DONE]' ? data : JSON.parse(data));
      data = undefined;
      continue;
    }
    if (line.startsWith(':')) continue;
    const colon = line.indexOf(':');
    assert.equal(line.slice(0, colon), 'data', `no other field: ${line.slice(0, 80)}`);
    assert.equal(data, undefined, 'one data line in an event');
    data = line.slice(colon + 1).replace(/^ /, '');
  }
  const done = events.indexOf('[DONE]');
  assert.ok(done < 0 || done === events.length - 1, 'nothing follows [DONE]');
  return events;
}
