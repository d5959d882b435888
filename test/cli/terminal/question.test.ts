import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { ReadStream, WriteStream } from 'node:tty';
import { askHidden, askYesNo } from '../../../src/cli/terminal/question.ts';

interface Fake {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly shown: () => string;
  readonly raw: boolean[];
  readonly type: (text: string) => void;
}

function fake(): Fake {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const raw: boolean[] = [];
  let shown = '';
  output.on('data', (chunk: Buffer) => void (shown += String(chunk)));
  const extra = { setRawMode: (on: boolean) => void raw.push(on), ref: () => {}, unref: () => {}, isTTY: true };
  return {
    // Only the members of a terminal's streams that the questions use.
    input: Object.assign(input, extra) as unknown as ReadStream,
    output: Object.assign(output, { isTTY: true, columns: 80 }) as unknown as WriteStream,
    shown: () => shown,
    raw,
    type: (text) => void input.write(text),
  };
}

const never = new AbortController().signal;

test('a password is read with its corrections and never shown', async () => {
  const { input, output, shown, raw, type } = fake();
  const answer = askHidden(input, output, 'Vault password: ', never);
  type('wrong\u0015pä');
  type('xx\u007F\bß1\r');
  assert.equal(await answer, 'päß1');
  assert.equal(shown(), 'Vault password: \n');
  assert.deepEqual(raw, [true, false]);
});

test('Ctrl-D before any character is no password; Enter is an empty password', async () => {
  const first = fake();
  const none = askHidden(first.input, first.output, '? ', never);
  first.type('\u0004');
  assert.equal(await none, undefined);
  const second = fake();
  const empty = askHidden(second.input, second.output, '? ', never);
  second.type('\n');
  assert.equal(await empty, '');
});

test('Ctrl-C during a password is the signal, and its abort ends the question', async () => {
  const { input, output, raw, type } = fake();
  const controller = new AbortController();
  const heard = new Promise<void>((resolve) => {
    process.once('SIGINT', () => {
      controller.abort();
      resolve();
    });
  });
  const answer = askHidden(input, output, '? ', controller.signal);
  type('abc\u0003');
  await heard;
  assert.equal(await answer, undefined);
  assert.deepEqual(raw, [true, false]);
});

test('every answer but yes is no', async () => {
  const answers: Readonly<Record<string, boolean>> = {
    y: true,
    Y: true,
    yes: true,
    YES: true,
    '': false,
    n: false,
    yess: false,
    ja: false,
  };
  for (const [typed, expected] of Object.entries(answers)) {
    const { input, output, type, shown } = fake();
    const answer = askYesNo(input, output, 'Apply?', never);
    type(`${typed}\n`);
    assert.equal(await answer, expected, typed);
    assert.ok(shown().includes('Apply? [y/N] '));
  }
});

test('the end of the input and an abort are no', async () => {
  const first = fake();
  const ended = askYesNo(first.input, first.output, 'Apply?', never);
  first.input.push(null);
  assert.equal(await ended, false);
  const second = fake();
  const controller = new AbortController();
  const aborted = askYesNo(second.input, second.output, 'Apply?', controller.signal);
  controller.abort();
  assert.equal(await aborted, false);
});
