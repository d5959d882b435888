/** The time that each file took. */
export interface FileTimes {
  /** Adds a file with its time, ms. */
  readonly add: (file: string, durationMs: number) => void;
  /** The slowest files, one line each, the slowest first; none if there are few files. */
  lines(): readonly string[];
}

const SHOWN = 12;

/** No times yet. */
export function createTimes(): FileTimes {
  const times: (readonly [file: string, durationMs: number])[] = [];
  return {
    add: (file, durationMs) => {
      times.push([file, durationMs]);
    },
    lines: () => {
      if (times.length <= SHOWN) return [];
      const slowest = times.toSorted(([, a], [, b]) => b - a).slice(0, SHOWN);
      return [
        `the slowest of ${String(times.length)} files, in seconds:`,
        ...slowest.map(([file, durationMs]) => `${(durationMs / 1000).toFixed(1).padStart(8)}  ${file}`),
      ];
    },
  };
}
