import { shellLine } from '../core/shell.ts';
import { CUT } from './question.ts';

/** Bytes of an answer that are read: the rules of six firewall programs have up to 4 MB each. A program that never stops must not fill memory. */
const ANSWER_MAX = 24 * 1024 * 1024;

/** One of the lines that a host carries out at once. */
export interface Line {
  readonly line: string;
  /** Its output is read until then, in seconds from the start of the script. */
  readonly limitS: number;
  /** Of the way to root: the line that root prints first, and the time for it. Its many answers have been cut where they are read. */
  readonly root?: { readonly word: string; readonly timeoutS: number };
}

/**
 * Each line gets its own pipe: all run at once, leave no file behind, and answer in order. A process that hangs in the kernel (a dead NFS
 * server) survives SIGKILL and keeps its pipe, so reading has a limit: it costs the line's own answer. The process holds no stream of
 * the session, which would stay open with it.
 */
export function inParallel(lines: readonly Line[], nonce: string): string {
  const left = 'SECONDS=0; left() { left=0.1; ((SECONDS >= $1)) || left=$(($1 - SECONDS)); }';
  const opened = lines.map(({ line }, index) => `exec {p${String(index)}}< <(exec </dev/null 2>/dev/null; ${line}\n)`);
  const late = shellLine(['printf', String.raw`\n%s\n`, `${nonce}:end:124`]);
  // The end of an answer that was cut; behind the end of a whole one it counts for nothing.
  const cut = shellLine(['printf', String.raw`\n%s\n`, `${nonce}:end:${String(CUT)}`]);
  const read = lines.map(({ limitS, root }, index) => {
    const pipe = `"$p${String(index)}"`;
    const passed = `left ${String(limitS)}; timeout "$left" cat <&${pipe}`;
    // cat passes on at once, so that nothing is lost when its time is over. The bound is a program of its own: dd counts short reads as
    // whole blocks, and would end a long answer that comes in small pieces.
    const bounded = `${passed} | head -c ${String(ANSWER_MAX)}; [ "\${PIPESTATUS[0]}" != 124 ] || ${late}; ${cut}`;
    if (root === undefined) return bounded;
    const rootLeft = `left ${String(root.timeoutS)}`;
    return [
      `while ((SECONDS < ${String(root.timeoutS)})) && ${rootLeft} && { IFS= read -r -t "$left" said <&${pipe} || [ -n "$said" ]; }; do`,
      String.raw`printf '%s\n' "$said"; [ "$said" != ${root.word} ] || { ${passed} || ${late}; break; }`,
      'said=; done',
    ].join('\n');
  });
  return [left, ...opened, ...read].join('\n');
}
