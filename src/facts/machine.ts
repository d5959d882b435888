import type { Question } from './question.ts';

/** Hardware, kernel and C library. */
export interface Machine {
  /** In Node's words; `undefined` if Node.js has no build for it here. */
  readonly architecture: 'x64' | 'arm64' | undefined;
  /** The output of `uname -m`. */
  readonly hardware: string;
  readonly kernel: string;
  /** Version of glibc; `undefined` for another C library. */
  readonly glibc: string | undefined;
}

/** The platform that the runtime needs to run on. */
export const machineQuestion: Question<Machine> = {
  script: 'uname -m && uname -r && getconf GNU_LIBC_VERSION || echo unknown',
  as: 'user',
  parse: ({ stdout }) => parseMachine(stdout),
};

const ARCHITECTURES: Readonly<Record<string, 'x64' | 'arm64'>> = { x86_64: 'x64', aarch64: 'arm64' };

/** Parses the three lines of {@link machineQuestion}. */
export function parseMachine(text: string): Machine {
  const [hardware, kernel, library = ''] = text.trim().split('\n');
  if (hardware === undefined || kernel === undefined) throw new Error('uname gave no answer');
  return { architecture: ARCHITECTURES[hardware], hardware, kernel, glibc: /^glibc (\d+\.\d+)/.exec(library)?.[1] };
}
