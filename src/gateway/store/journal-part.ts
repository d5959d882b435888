import { closeSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../../core/error.ts';
import { usageLinesIn, type UsageLines } from './usage-line.ts';

/** Bytes of a part: some 2,800 rows, which take 15 to 35 ms. Rows of many keys share more pages in a larger one. */
const PART_BYTES = 1024 * 1024;
/** A line is far shorter than a part, unless its key has very many tags. */
const MOST_LINE_BYTES = 64 * 1024 * 1024;
const NEW_LINE = 10;

/** A part of a file of a journal. */
export interface JournalPart {
  readonly lines: UsageLines;
  /** The place behind the last line that was read. */
  readonly next: number;
  /** The file had no more, when it was read. */
  readonly isLast: boolean;
}

/**
 * Reads whole lines from a place on. `isEnded`: the file grows no more, so a last line without an end is damaged, and requests that have begun
 * may be lost; of a process that runs nobody asks for these.
 */
export function readPart(file: string, from: number, isEnded: boolean, partBytes = PART_BYTES): JournalPart {
  const buffer = Buffer.allocUnsafe(partBytes);
  let length = 0;
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    length = readSync(fd, buffer, 0, partBytes, from);
  } catch (error) {
    // A person may remove a file; its rows are gone then.
    if (!isMissing(error)) throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  const isLast = length < partBytes;
  const lineEnd = buffer.subarray(0, length).lastIndexOf(NEW_LINE) + 1;
  if (!isLast && lineEnd === 0 && partBytes < MOST_LINE_BYTES) return readPart(file, from, isEnded, partBytes * 2);
  // So much without the end of a line cannot be of this program: it is skipped as one damaged line.
  const end = (isLast && isEnded) || (!isLast && lineEnd === 0) ? length : lineEnd;
  return { lines: usageLinesIn(buffer.toString('utf8', 0, end), isEnded), next: from + end, isLast };
}

/** Whether a file or folder does not exist. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}
