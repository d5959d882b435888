/** One of the two streams that a person reads. */
export interface Output {
  write(text: string): void;
  readonly isTty: boolean;
  /** Width in columns; `Infinity` where nothing limits it. Asked anew each time, since windows change. */
  readonly columns: () => number;
}

/** Everything that the program knows of where it runs: what it may print to, ask, and read from the environment. */
export interface Terminal {
  /** The result. */
  readonly stdout: Output;
  /** Progress, problems and questions. */
  readonly stderr: Output;
  /** Whether a person can be asked: input and stderr are terminals. */
  readonly interactive: boolean;
  /** Asks yes or no; anything but yes is no. */
  readonly askYesNo: (question: string, signal: AbortSignal) => Promise<boolean>;
  /** Asks for a line that is not shown; `undefined` where the person gave none (Ctrl-C, Ctrl-D). */
  readonly askHidden: (question: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly userName: string;
  readonly machineName: string;
  readonly pid: number;
  readonly nowMs: () => number;
}
