import { homedir, hostname, userInfo } from 'node:os';
import type { WriteStream } from 'node:tty';
import { askHidden, askYesNo } from './question.ts';
import type { Output, Terminal } from './terminal.ts';

/** The terminal of this process. If the reader of an output leaves (`| head`), the output falls silent and the work continues. */
export function processTerminal(): Terminal {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    interactive: process.stdin.isTTY && process.stderr.isTTY,
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
    // The reader has gone. A running deployment matters more than its last lines.
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    open = false;
  });
  return {
    write: (text) => {
      if (open) stream.write(text);
    },
    isTty: stream.isTTY,
    // A terminal without a known size reports 0 columns.
    columns: () => (stream.isTTY && stream.columns > 0 ? stream.columns : Number.POSITIVE_INFINITY),
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
