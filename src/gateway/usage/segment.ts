/** A file of the journal of this process. */
export interface Segment {
  readonly file: string;
  /** Bytes written. */
  bytes: number;
  /** Bytes that are stored. */
  stored: number;
  /** Requests that have begun in it and not ended: it stays until then, since their beginnings are in it. */
  open: number;
  /** Another one is written to. */
  isClosed: boolean;
}

/** Whether nothing in a segment is needed any more. */
export function isDone({ isClosed, bytes, stored, open }: Segment): boolean {
  return isClosed && open === 0 && stored >= bytes;
}
