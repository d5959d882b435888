import type { Question } from './question.ts';

/** Versions of programs on the host. `undefined`: not installed. */
export interface Programs {
  readonly bash: string | undefined;
  readonly python: string | undefined;
}

/** The versions of bash and Python. */
export const programsQuestion: Question<Programs> = {
  script: `printf 'bash=%s\\n' "$BASH_VERSION"
printf 'python='; python3 --version 2>&1 || echo`,
  as: 'user',
  parse: ({ stdout }) => parsePrograms(stdout),
};

/** Parses one line for each program. */
export function parsePrograms(text: string): Programs {
  return { bash: /^bash=(\d+\.\d+)/m.exec(text)?.[1], python: /^python=Python (\d+\.\d+\S*)/m.exec(text)?.[1] };
}
