/** Takes one entry of the log. */
export type Log = (entry: Readonly<Record<string, unknown>>) => void;

/** Makes a log that writes each entry as one line of JSON, with the time first, and the id of this instance if it has one. */
export function createLog(write: (line: string) => void, now: () => Date = () => new Date(), instance?: string): Log {
  const own = instance === undefined ? '' : `,"instance":${JSON.stringify(instance)}`;
  let atMs = Number.NaN;
  let time = '';
  return (entry) => {
    const fields = JSON.stringify(entry);
    const date = now();
    // Under load many lines have one time, and its text takes 0.4 µs.
    if (date.getTime() !== atMs) {
      atMs = date.getTime();
      time = date.toISOString();
    }
    // A copy of the entry with the time in it takes longer than the text.
    write(`{"time":"${time}"${own}${fields === '{}' ? '}' : `,${fields.slice(1)}`}\n`);
  };
}

/** Bytes of the log that may wait for its reader; lines beyond it are left out, and counted. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** The parts of a stream that a log is written to. */
export interface LogOutput {
  write(text: string): unknown;
  /** Bytes that its reader has not taken yet. */
  readonly writableLength: number;
}

/** Bytes that a pipe takes as a whole, also from several writers (PIPE_BUF, pipe(7)). */
export const PIPE_BUF_BYTES = 4096;

/**
 * Joins all lines of one turn of the event loop into one write. Each write to a pipe or to the journal is a system call that blocks
 * every request. While the reader stalls, lines are left out: the line behind them says how many. `mostBytes`: longer writes are
 * divided between two lines, for a pipe that other instances write to.
 */
export function batchWrites(
  output: LogOutput,
  now: () => Date = () => new Date(),
  mostBytes = Infinity,
): {
  readonly write: (line: string) => void;
  readonly flush: () => void;
} {
  let gathered = '';
  let dropped = 0;
  const flush = (): void => {
    const text = gathered;
    gathered = '';
    if (text === '') return;
    if (mostBytes === Infinity || Buffer.byteLength(text) <= mostBytes) output.write(text);
    else for (const part of dividedAtLines(text, mostBytes)) output.write(part);
  };
  return {
    write: (line) => {
      if (output.writableLength + gathered.length + line.length > MAX_WAITING_BYTES) {
        dropped += 1;
        return;
      }
      if (gathered === '') setImmediate(flush);
      if (dropped > 0)
        gathered += `${JSON.stringify({ time: now().toISOString(), event: 'log-lines-dropped', lines: dropped })}\n`;
      dropped = 0;
      gathered += line;
    },
    flush,
  };
}

/** Parts of whole lines, each as long as it may be; a longer line is a part of its own. */
function dividedAtLines(text: string, mostBytes: number): readonly string[] {
  const parts: string[] = [];
  let [part, bytes] = ['', 0];
  for (const line of text.split(/(?<=\n)/)) {
    const length = Buffer.byteLength(line);
    if (part !== '' && bytes + length > mostBytes) {
      parts.push(part);
      [part, bytes] = ['', 0];
    }
    part += line;
    bytes += length;
  }
  return [...parts, part];
}
