import { homedir, hostname, userInfo } from 'node:os';
import type { WriteStream } from 'node:tty';
import { ciServerOf } from '../ci/ci-server.ts';
import { askHidden, askYesNo } from './question.ts';
import type { Output, Terminal } from './terminal.ts';

/** Errors of an output whose reader has left: nothing is lost that anybody reads. */
const LEFT = new Set(['EPIPE', 'EIO']);

/** The first error by which an output of this process lost text that it should hold, such as a full disk. */
let lost: string | undefined;

/** The reason why an output is incomplete; `undefined` if it is complete, or its reader has left. */
export function lostOutput(): string | undefined {
  return lost;
}

/**
 * The terminal of this process. If the reader of an output leaves (`| head`), or its disk is full, the output falls silent and the work
 * continues.
 */
export function processTerminal(): Terminal {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    interactive: process.stdin.isTTY && process.stderr.isTTY && ciServerOf(process.env) === undefined,
    askYesNo: (question, signal) => askYesNo(process.stdin, process.stderr, question, signal),
    askHidden: (question, signal) => askHidden(process.stdin, process.stderr, question, signal),
    environment: process.env,
    cwd: process.cwd(),
    home: process.env['HOME'] ?? homedir(),
    userName: userName(),
    machineName: hostname(),
    pid: process.pid,
    nowMs: Date.now,
  };
}

function outputOf(stream: WriteStream): Output {
  let open = true;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A running deployment matters more than its last lines.
    open = false;
    if (!LEFT.has(error.code ?? '')) lost ??= error.message;
  });
  return {
    write: (text) => {
      if (open) stream.write(text);
    },
    isTty: stream.isTTY,
    // A terminal without a known size reports 0 columns.
    columns: () => (stream.isTTY && stream.columns > 0 ? stream.columns : Number.POSITIVE_INFINITY),
    rows: () => (stream.isTTY && stream.rows > 0 ? stream.rows : Number.POSITIVE_INFINITY),
  };
}

// A user without an entry in passwd (as in containers) has no name, and userInfo() throws.
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USER'] ?? String(process.getuid?.() ?? 'unknown');
  }
}
