import type { Question } from './question.ts';

/** The machine below the distribution. */
export interface Machine {
  /** By Node's names; `undefined` for one that Node's builds do not serve here. */
  readonly architecture: 'x64' | 'arm64' | undefined;
  /** As `uname -m` says it. */
  readonly hardware: string;
  readonly kernel: string;
  /** Version of glibc; `undefined` where the C library is another. */
  readonly glibc: string | undefined;
}

/** What the runtime has to run on. */
export const machineQuestion: Question<Machine> = {
  script: 'uname -m && uname -r && getconf GNU_LIBC_VERSION || echo unknown',
  as: 'user',
  parse: ({ stdout }) => parseMachine(stdout),
};

const ARCHITECTURES: Readonly<Record<string, 'x64' | 'arm64'>> = { x86_64: 'x64', aarch64: 'arm64' };

/** Reads the three lines of {@link machineQuestion}. */
export function parseMachine(text: string): Machine {
  const [hardware, kernel, library = ''] = text.trim().split('\n');
  if (hardware === undefined || kernel === undefined) throw new Error('uname gave no answer');
  return { architecture: ARCHITECTURES[hardware], hardware, kernel, glibc: /^glibc (\d+\.\d+)/.exec(library)?.[1] };
}
