import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage } from '../../core/error.ts';
import { isMissing, readPart, type JournalPart } from './journal-part.ts';
import { takeLock, type ProcessLock } from './process-lock.ts';
import { lostRow, type UsageHead, type UsageServer } from './usage-line.ts';
import type { UsageRows } from './usage-rows.ts';
import type { RecoveredPart } from './usage-store.ts';

/** The name of a segment: that of its process, and its number. */
const SEGMENT = /^([0-9a-z-]+)\.(\d{6,})\.jsonl$/;
const LOST_AT_ONCE = 1000;

/** The journal of a process that has ended, while it is read. */
interface Orphan {
  readonly name: string;
  readonly lock: ProcessLock;
  readonly segments: readonly string[];
  index: number;
  from: number;
  /** Requests that have begun and not ended as far as it is read, by id. */
  readonly open: Map<string, readonly [...UsageHead, ...UsageServer]>;
}

/**
 * Takes over the journals of processes that have ended, in steps. A journal is read from its beginning, since its ids make a second arrival
 * harmless; requests that have only begun are lost. Its lock tells whether its process still runs, and that no other one recovers it.
 */
export class JournalRecovery {
  readonly #rows: UsageRows;
  #orphan: Orphan | undefined;
  /** Journals that could not be read, until all others have been. */
  readonly #unreadable = new Set<string>();

  constructor(rows: UsageRows) {
    this.#rows = rows;
  }

  step(folder: string, own: string, nowMs: number): RecoveredPart {
    try {
      this.#orphan ??= nextOrphan(folder, own, this.#unreadable);
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      return this.#skip(error, folder, own);
    }
    const orphan = this.#orphan;
    if (orphan === undefined) {
      this.#unreadable.clear();
      this.#rows.spent.foldEnded(() => new Set([own, ...namesIn(folder).map(journalOf)]));
      return { added: 0, lost: 0, damaged: 0, otherBytes: otherBytes(folder, own), more: false };
    }
    const segment = orphan.segments[orphan.index];
    if (segment === undefined) return { ...this.#finish(orphan, nowMs), otherBytes: otherBytes(folder, own) };
    let part: JournalPart;
    try {
      part = readPart(segment, orphan.from, true);
    } catch (error) {
      this.close();
      return this.#skip(new UnreadableError(orphan.name, segment, error), folder, own);
    }
    const { lines, next, isLast } = part;
    const added = this.#rows.add(orphan.name, lines, nowMs);
    for (const begun of lines.begun) orphan.open.set(begun[0], begun);
    for (const [id] of lines.ended) orphan.open.delete(id);
    orphan.from = isLast ? 0 : next;
    if (isLast) orphan.index += 1;
    return { added, lost: 0, damaged: lines.damaged, otherBytes: otherBytes(folder, own), more: true };
  }

  /** A journal that cannot be read, since it belongs to another user or is no file, keeps no other from being read. */
  #skip({ journal, message }: UnreadableError, folder: string, own: string): RecoveredPart {
    this.#unreadable.add(journal);
    return { added: 0, lost: 0, damaged: 0, otherBytes: otherBytes(folder, own), unreadable: message, more: true };
  }

  /** Lets others take over the journal that is being read. */
  close(): void {
    this.#orphan?.lock.release();
    this.#orphan = undefined;
  }

  #finish(orphan: Orphan, nowMs: number): Omit<RecoveredPart, 'otherBytes'> {
    const some = [...orphan.open.values()].slice(0, LOST_AT_ONCE);
    const lost = this.#rows.add(orphan.name, { ended: some.map(lostRow), refused: [] }, nowMs);
    for (const [id] of some) orphan.open.delete(id);
    if (orphan.open.size === 0) {
      this.#rows.sync();
      // The lock is the last file: a process that is killed here leaves one that is empty and is removed later.
      for (const segment of orphan.segments) rmSync(segment, { force: true });
      orphan.lock.remove();
      this.#orphan = undefined;
    }
    return { added: 0, lost, damaged: 0, more: true };
  }
}

class UnreadableError extends Error {
  readonly journal: string;

  constructor(journal: string, file: string, cause: unknown) {
    super(`${file}: ${errorMessage(cause)}`, { cause });
    this.journal = journal;
  }
}

function nextOrphan(folder: string, own: string, unreadable: ReadonlySet<string>): Orphan | undefined {
  const names = namesIn(folder);
  const journals = Map.groupBy(names, journalOf);
  for (const [name, files] of journals) {
    if (name === own || unreadable.has(name) || !files.some((file) => SEGMENT.test(file) || file === `${name}.lock`))
      continue;
    const lock = lockOf(name, join(folder, `${name}.lock`));
    if (lock === undefined) continue;
    // Listed again under the lock: its process may have ended, and its journal been removed, since the first look.
    const segments = namesIn(folder).filter((file) => SEGMENT.exec(file)?.[1] === name);
    const paths = segments.toSorted().map((file) => join(folder, file));
    return { name, lock, segments: paths, index: 0, from: 0, open: new Map() };
  }
  return undefined;
}

function lockOf(journal: string, file: string): ProcessLock | undefined {
  try {
    return takeLock(file);
  } catch (error) {
    throw new UnreadableError(journal, file, error);
  }
}

/** The journal that a file belongs to. */
function journalOf(file: string): string {
  return SEGMENT.exec(file)?.[1] ?? file.replace(/\.lock$/, '');
}

function otherBytes(folder: string, own: string): number {
  let bytes = 0;
  for (const name of namesIn(folder))
    if ((SEGMENT.exec(name)?.[1] ?? own) !== own)
      bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
