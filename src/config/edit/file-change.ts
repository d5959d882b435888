/** A change to one of the operator's files, as data. The caller shows it, asks, and writes it atomically. */
export interface FileChange {
  /** Absolute. */
  readonly path: string;
  /** `undefined`: the file is new. */
  readonly before: string | undefined;
  readonly after: string;
  /** The mode of a new file. An existing file keeps its mode. */
  readonly mode: number;
  /** Not shown in a diff. */
  readonly secret: boolean;
  /** hxllm's own file, as a whole; a diff of it tells a person nothing. */
  readonly generated?: boolean;
}
