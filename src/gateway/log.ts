/** Takes one entry of the log. */
export type Log = (entry: Readonly<Record<string, unknown>>) => void;

/** Makes a log that writes each entry as one line of JSON, with the time first. */
export function createLog(write: (line: string) => void, now: () => Date = () => new Date()): Log {
  return (entry) => {
    write(`${JSON.stringify({ time: now().toISOString(), ...entry })}\n`);
  };
}

/**
 * Joins all texts of one turn of the event loop into one write. Each write to a pipe or to the journal is a system call that blocks
 * every request.
 */
export function batchWrites(write: (text: string) => void): {
  readonly write: (text: string) => void;
  readonly flush: () => void;
} {
  let gathered = '';
  const flush = (): void => {
    const text = gathered;
    gathered = '';
    if (text !== '') write(text);
  };
  return {
    write: (text) => {
      if (gathered === '') setImmediate(flush);
      gathered += text;
    },
    flush,
  };
}
