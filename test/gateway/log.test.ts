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

test('lines of one turn of the event loop are written together, in order, each once', async () => {
  const written: string[] = [];
  const output = batchWrites((text) => written.push(text));
  output.write('a\n');
  output.write('b\n');
  assert.deepEqual(written, []);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(written, ['a\nb\n']);
  output.write('c\n');
  output.flush();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(written, ['a\nb\n', 'c\n']);
});
