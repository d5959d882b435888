import type { Question } from './question.ts';

/** A program that hxllm's scripts need and that does not run: it is missing, or there without the right to execute it. */
export interface UnusableTool {
  readonly name: string;
  /** The file that cannot be executed; absent if there is none. */
  readonly file?: string;
}

/** Programs of coreutils, libc-bin, gzip, util-linux, findutils, grep and sed, which Debian has in every installation. */
const TOOLS =
  'sha256sum gzip getent base64 stat find grep sed tr head tail cut df readlink flock setsid timeout mktemp'.split(' ');

// bash prefers a file that it may execute, and names another one only where there is none.
const SCRIPT = `for name; do
  found=$(type -P -- "$name")
  [ -n "$found" ] && [ -x "$found" ] || printf '%s %s\\n' "$name" "$found"
done; exit 0`;

/** The programs that the host cannot run. */
export const toolsQuestion: Question<readonly UnusableTool[]> = {
  script: SCRIPT,
  arguments: TOOLS,
  as: 'user',
  parse: ({ stdout }) =>
    stdout
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const [name = '', file = ''] = line.split(/ (.*)/);
        return file === '' ? { name } : { name, file };
      }),
};
