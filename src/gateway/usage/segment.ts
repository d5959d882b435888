import { closeSync, fsync, open as openFile } from 'node:fs';

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

/** Brings the names of the files in a folder to the disk, so that they outlive a power cut, too. */
export function syncFolder(folder: string): void {
  openFile(folder, 'r', (error, fd) => {
    if (error !== null) return;
    fsync(fd, () => {
      closeSync(fd);
    });
  });
}
