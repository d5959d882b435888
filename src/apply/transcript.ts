/** What a script said of its steps. */
export interface Transcript {
  readonly done: ReadonlyMap<number, number>;
  /** The step that failed, after how long, and what it printed. */
  readonly failed: { readonly step: number; readonly durationMs: number; readonly printed: string } | undefined;
  /** After a failure in the switch: whether the host was put back; `undefined` where nothing had been changed. */
  readonly undone: boolean | undefined;
  /** What went wrong while it was put back. */
  readonly stuck: string;
}

/** Reads the journal's lines out of a script's output. */
export function readTranscript(stdout: string, nonce: string): Transcript {
  const lines = stdout
    .split('\n')
    .filter((line) => line.startsWith(`${nonce} `))
    .map((line) => line.slice(nonce.length + 1).split(' '));
  const failed = lines.find(([word]) => word === 'failed');
  const stuck = lines.find(([word]) => word === 'stuck');
  return {
    done: new Map(lines.filter(([word]) => word === 'done').map(([, step, ms]) => [Number(step), Number(ms)])),
    failed:
      failed === undefined
        ? undefined
        : { step: Number(failed[1]), durationMs: Number(failed[2]), printed: decode(failed[3]) },
    undone: lines.some(([word]) => word === 'undone') ? true : stuck === undefined ? undefined : false,
    stuck: decode(stuck?.[1]),
  };
}

function decode(text: string | undefined): string {
  return Buffer.from(text ?? '', 'base64')
    .toString('utf8')
    .trim();
}
