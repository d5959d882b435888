/** The journal of a script: how its steps ended. */
export interface Transcript {
  readonly done: ReadonlyMap<number, number>;
  /** The step that failed, its duration and its output. */
  readonly failed: { readonly step: number; readonly durationMs: number; readonly printed: string } | undefined;
  /** After a failure in the switch: whether the host was restored; `undefined` if nothing had been changed. */
  readonly undone: boolean | undefined;
  /** Things that went wrong and did not stop the script. */
  readonly warnings: readonly string[];
  /** The error of a failed restore. */
  readonly stuck: string;
}

/** Reads the journal's lines from a script's output. */
export function readTranscript(stdout: string, nonce: string): Transcript {
  const lines = linesOf(stdout, nonce);
  const failed = lines.find(([word]) => word === 'failed');
  const stuck = lines.find(([word]) => word === 'stuck');
  return {
    done: new Map(lines.filter(([word]) => word === 'done').map(([, step, ms]) => [Number(step), Number(ms)])),
    failed:
      failed === undefined
        ? undefined
        : { step: Number(failed[1]), durationMs: Number(failed[2]), printed: decode(failed[3]) },
    undone: lines.some(([word]) => word === 'undone') ? true : stuck === undefined ? undefined : false,
    warnings: decodeWarnings(stdout, nonce),
    stuck: decode(stuck?.[1]),
  };
}

/** The warnings in a script's output. */
export function decodeWarnings(stdout: string, nonce: string): readonly string[] {
  return linesOf(stdout, nonce).flatMap(([word, text]) => (word === 'warning' ? [decode(text)] : []));
}

// A start file of the shell may write before the first line without ending its own: a terminal's title, for example.
function linesOf(stdout: string, nonce: string): readonly (readonly string[])[] {
  return stdout.split('\n').flatMap((line) => {
    const begin = line.indexOf(`${nonce} `);
    return begin < 0 ? [] : [line.slice(begin + nonce.length + 1).split(' ')];
  });
}

function decode(text: string | undefined): string {
  return Buffer.from(text ?? '', 'base64')
    .toString('utf8')
    .trim();
}
