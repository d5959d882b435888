import { homedir, hostname, userInfo } from 'node:os';
import type { WriteStream } from 'node:tty';
import { askHidden, askYesNo } from './question.ts';
import type { Output, Terminal } from './terminal.ts';

/** The terminal of this process. A reader that leaves (`| head`) silences an output and stops nothing. */
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
    // The reader has gone. A deployment under way is worth more than its last lines.
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    open = false;
  });
  return {
    write: (text) => {
      if (open) stream.write(text);
    },
    isTty: stream.isTTY,
    // A terminal whose size nobody has set says 0.
    columns: () => (stream.isTTY && stream.columns > 0 ? stream.columns : Number.POSITIVE_INFINITY),
  };
}

// A user without an entry in passwd (a container's) has no name to be asked for.
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USER'] ?? String(process.getuid?.() ?? 'unknown');
  }
}
