import type { Question } from './question.ts';

/** A program that hxllm's scripts need and that does not run: it is missing, or there without the right to execute it. */
export interface UnusableTool {
  readonly name: string;
  /** The file that cannot be executed; absent if there is none. */
  readonly file?: string;
}

/** Programs of coreutils, diffutils, libc-bin, gzip, util-linux, findutils, grep and sed, which Debian has in every installation. */
const TOOLS =
  'base64 cat chmod chown cmp cp cut date df dirname find flock getent grep gzip head id ln ls mkdir mkfifo mktemp mountpoint mv readlink rm rmdir sed setsid sha256sum sleep sort stat sync tail timeout tr'.split(
    ' ',
  );
/** Programs that only root runs, of passwd, util-linux and systemd: accounts and units. */
const TOOLS_OF_ROOT = 'groupadd groupdel runuser setpriv systemctl systemd-run useradd userdel usermod'.split(' ');

// bash prefers a file that it may execute, and names another one only where there is none.
// The names behind `--` are for root, who may execute a file with any of the three rights.
const SCRIPT = `root=no
for name; do
  [ "$name" != -- ] || { root=yes; continue; }
  found=$(type -P -- "$name")
  if [ -n "$found" ]; then
    [ ! -x "$found" ] || continue
    [ $root = no ] || case $(stat -Lc %A -- "$found" 2>/dev/null) in *[xst]*) continue;; esac
  fi
  printf '%s %s\\n' "$name" "$found"
done; exit 0`;

/** The programs that the host cannot run. */
export function toolsQuestion(serviceManager: 'systemd' | 'process'): Question<readonly UnusableTool[]> {
  return {
    script: SCRIPT,
    arguments: serviceManager === 'systemd' ? [...TOOLS, '--', ...TOOLS_OF_ROOT] : TOOLS,
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
}
