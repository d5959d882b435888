/** Takes one entry of the log. */
export type Log = (entry: Readonly<Record<string, unknown>>) => void;

/** A log that writes each entry as one line of JSON, with the time before it. */
export function createLog(write: (line: string) => void, now: () => Date = () => new Date()): Log {
  return (entry) => {
    write(`${JSON.stringify({ time: now().toISOString(), ...entry })}\n`);
  };
}
