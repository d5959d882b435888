/** Takes one entry of the log. */
export type Log = (entry: Readonly<Record<string, unknown>>) => void;

/** A log that writes each entry as one line of JSON, with the time before it. */
export function createLog(write: (line: string) => void, now: () => Date = () => new Date()): Log {
  return (entry) => {
    write(`${JSON.stringify({ time: now().toISOString(), ...entry })}\n`);
  };
}

/** Gathers what is written within one turn of the event loop and writes it at once: to a pipe or the journal each write is a system call that everybody waits for. */
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
