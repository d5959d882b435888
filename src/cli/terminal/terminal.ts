/** One of the two output streams. */
export interface Output {
  write(text: string): void;
  readonly isTty: boolean;
  /** The width in columns; `Infinity` without a limit. Read anew each time, since windows change. */
  readonly columns: () => number;
  /** The height in lines, likewise. */
  readonly rows: () => number;
}

/** The environment of the program: its outputs, questions to the operator, environment variables, user and clock. */
export interface Terminal {
  /** For results. */
  readonly stdout: Output;
  /** For progress, problems and questions. */
  readonly stderr: Output;
  /** Whether questions can be asked: stdin and stderr are terminals. */
  readonly interactive: boolean;
  /** Asks yes or no; every answer but yes is no. */
  readonly askYesNo: (question: string, signal: AbortSignal) => Promise<boolean>;
  /** Asks for a line that is not echoed; `undefined` without an answer (Ctrl-C, Ctrl-D). */
  readonly askHidden: (question: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly userName: string;
  readonly machineName: string;
  readonly pid: number;
  readonly nowMs: () => number;
}
