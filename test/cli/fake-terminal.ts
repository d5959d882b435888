import type { Output, Terminal } from '../../src/cli/terminal/terminal.ts';

/** A terminal that keeps its output and answers questions from lists. */
export interface FakeTerminal extends Terminal {
  readonly written: { out: string; err: string };
  readonly asked: string[];
}

/** The options of a fake terminal. By default it is a pipe without environment variables. */
export interface FakeOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
  readonly isTty?: boolean;
  readonly interactive?: boolean;
  readonly answers?: readonly (boolean | string | undefined)[];
}

/** Makes a fake terminal. */
export function fakeTerminal(options: FakeOptions = {}): FakeTerminal {
  const written = { out: '', err: '' };
  const asked: string[] = [];
  const answers = [...(options.answers ?? [])];
  const output = (name: 'out' | 'err'): Output => ({
    write: (text) => void (written[name] += text),
    isTty: options.isTty ?? false,
    columns: () => options.columns ?? Number.POSITIVE_INFINITY,
    rows: () => options.rows ?? Number.POSITIVE_INFINITY,
  });
  const answer = (question: string): boolean | string | undefined => {
    asked.push(question);
    if (answers.length === 0) throw new Error(`unexpected question: ${question}`);
    return answers.shift();
  };
  let nowMs = Date.UTC(2026, 10, 23, 23, 15, 0);
  return {
    written,
    asked,
    stdout: output('out'),
    stderr: output('err'),
    interactive: options.interactive ?? false,
    askYesNo: (question) => Promise.resolve(answer(question) === true),
    askHidden: (question) => {
      const given = answer(question);
      return Promise.resolve(typeof given === 'string' ? given : undefined);
    },
    environment: { TERM: 'xterm', ...options.environment },
    cwd: options.cwd ?? '/work',
    home: '/home/ada',
    userName: 'ada',
    machineName: 'desk',
    pid: 7,
    nowMs: () => (nowMs += 500),
  };
}
