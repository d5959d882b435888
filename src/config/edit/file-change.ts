/** A change to one of the operator's files, as data: whoever shows it also asks, and writes it in one go. */
export interface FileChange {
  /** Absolute. */
  readonly path: string;
  /** `undefined`: the file is new. */
  readonly before: string | undefined;
  readonly after: string;
  /** Of a new file; one that is there keeps its own. */
  readonly mode: number;
  /** Not shown in a diff. */
  readonly secret: boolean;
}
