import type { ReadStream, WriteStream } from 'node:tty';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';
const BACKSPACE = /[\b\u007F]/;

/** Asks yes or no on a terminal; the default is no. Ctrl-C is left to the signal's handler. */
export async function askYesNo(
  input: ReadStream,
  output: WriteStream,
  question: string,
  signal: AbortSignal,
): Promise<boolean> {
  // Few commands ask.
  const { createInterface } = await import('node:readline/promises');
  // An earlier question may have unreferenced the input.
  input.ref();
  const lines = createInterface({ input, output });
  // readline consumes Ctrl-C unless there is a listener.
  lines.on('SIGINT', () => void process.kill(process.pid, 'SIGINT'));
  // Ctrl-D ends the input without an answer.
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended]);
    return /^y(?:es)?$/i.test(answer.trim());
  } catch {
    output.write('\n');
    return false;
  } finally {
    lines.close();
    input.unref();
  }
}

/** Asks on a terminal for a line that is not echoed. `undefined` on Ctrl-C, on Ctrl-D before any character, or on abort. */
export function askHidden(
  input: ReadStream,
  output: WriteStream,
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let typed = '';
    const finish = (answer: string | undefined): void => {
      input.off('data', read);
      signal.removeEventListener('abort', giveUp);
      input.setRawMode(false);
      input.pause();
      input.unref();
      output.write('\n');
      resolve(answer);
    };
    const giveUp = (): void => finish(undefined);
    const read = (chunk: Buffer | string): void => {
      for (const character of String(chunk)) {
        if (character === '\r' || character === '\n') return finish(typed);
        if (character === CTRL_D) return finish(typed === '' ? undefined : typed);
        if (character === CTRL_C) {
          // In raw mode Ctrl-C is a character. Send the signal, whose handler aborts the question.
          process.kill(process.pid, 'SIGINT');
          return;
        }
        if (BACKSPACE.test(character)) typed = Array.from(typed).slice(0, -1).join('');
        else if (character === CTRL_U) typed = '';
        else typed += character;
      }
    };
    output.write(question);
    input.setEncoding('utf8');
    input.ref();
    input.setRawMode(true);
    input.on('data', read);
    input.resume();
    signal.addEventListener('abort', giveUp, { once: true });
  });
}
