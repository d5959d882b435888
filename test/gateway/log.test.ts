import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, batchWrites } from '../../src/gateway/log.ts';

test('an entry is one line of JSON that begins with its time', () => {
  const lines: string[] = [];
  createLog(
    (line) => lines.push(line),
    () => new Date(0),
  )({ event: 'x', text: 'a\nb', nothing: undefined });
  assert.deepEqual(lines, ['{"time":"1970-01-01T00:00:00.000Z","event":"x","text":"a\\nb"}\n']);
});

test('lines of one millisecond have the same time, and each later one its own, also after a step back of the clock', () => {
  const times = [5, 5, 6, 5];
  const lines: string[] = [];
  const log = createLog(
    (line) => lines.push(line.slice(9, 33)),
    () => new Date(times[lines.length] ?? 0),
  );
  for (const event of ['a', 'b', 'c', 'd']) log({ event });
  assert.deepEqual(
    lines,
    times.map((ms) => new Date(ms).toISOString()),
  );
});

/** An output whose reader takes nothing. */
class StalledOutput {
  readonly written: string[] = [];
  get writableLength(): number {
    return this.written.join('').length;
  }
  write(text: string): void {
    this.written.push(text);
  }
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

test('lines of one turn of the event loop are written together, in order, each once', async () => {
  const stream = new StalledOutput();
  const output = batchWrites(stream);
  output.write('a\n');
  output.write('b\n');
  assert.deepEqual(stream.written, []);
  await turn();
  assert.deepEqual(stream.written, ['a\nb\n']);
  output.write('c\n');
  output.flush();
  await turn();
  assert.deepEqual(stream.written, ['a\nb\n', 'c\n']);
});

test('while the reader stalls, lines are left out, within a turn and across turns, and the next line says how many', async () => {
  const stream = new StalledOutput();
  const output = batchWrites(stream, () => new Date(0));
  const line = `${'x'.repeat(999)}\n`;
  for (let count = 0; count < 5000; count += 1) output.write(line);
  await turn();
  for (let count = 0; count < 5000; count += 1) {
    output.write(line);
    if (count % 100 === 0) await turn();
  }
  const bytes = stream.writableLength;
  assert.ok(bytes > 4_000_000 && bytes <= 4 * 1024 * 1024, String(bytes));
  const lines = bytes / line.length;
  stream.written.length = 0;
  output.write('{"event":"next"}\n');
  await turn();
  assert.deepEqual(stream.written, [
    `{"time":"1970-01-01T00:00:00.000Z","event":"log-lines-dropped","lines":${String(10_000 - lines)}}\n{"event":"next"}\n`,
  ]);
});

test('for a pipe with several writers a long write is divided between lines, so that no line is torn', () => {
  const written: string[] = [];
  const output = batchWrites({ write: (text) => written.push(text), writableLength: 0 }, undefined, 20);
  const lines = ['{"a":1}\n', '{"b":"ä"}\n', '{"c":3}\n', `{"d":"${'x'.repeat(40)}"}\n`, '{"e":5}\n'];
  for (const line of lines) output.write(line);
  output.flush();
  assert.equal(written.join(''), lines.join(''));
  assert.ok(
    written.every((text) => text.endsWith('\n') && (Buffer.byteLength(text) <= 20 || text === lines[3])),
    written.join('|'),
  );
  assert.ok(written.length < lines.length);
});
