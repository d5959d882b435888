import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, errorMessage } from '../core/error.ts';
import { sha256 } from '../core/hash.ts';
import { printable } from '../core/printable.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import { keptEvents, type RecordedStep, type Recorder } from '../core/recorder.ts';
import { timestampOf } from '../core/timestamp.ts';
import { documentPath } from './document-path.ts';
import { findEarlierRuns } from './earlier-run.ts';
import { lastClosed, MANIFEST, manifestOf } from './manifest.ts';
import { openEvidenceRoot, UnfitFolder, type OwnFolder } from './own-folder.ts';
import type { Redaction } from './redaction.ts';
import { SCHEMA_VERSION, type RunClosing, type RunOpening, type RunRecord } from './run-record.ts';
import { settle, type Settled } from './settle.ts';
import { summaryOf } from './summary.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const NO_LINK = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
// Files that the run itself writes. A phase's document with such a name gets the prefix `_`.
const OWN_FILES = new Set(['run.json', 'events.jsonl', MANIFEST]);

/** Parameters of a run's folder. */
export interface RunRequest extends RunOpening {
  /** Absolute; the run goes to `<root>/<phase>/<UTC timestamp>`, or below the user's own folder if the root is another user's. */
  readonly root: string;
  readonly redaction: Redaction;
  readonly nowMs: () => number;
}

/** An open run: everything that is recorded is on disk when the call returns. */
export interface Run {
  /** Absolute. */
  readonly folder: string;
  /** Its phase and its folder's name. */
  readonly name: string;
  /** The SHA-256 of the manifest that the phase's chain ended with when the run was opened. */
  readonly before: string | undefined;
  readonly recorder: Recorder;
  /** Ids of earlier runs in the records of hosts; a phase asks the hosts for them. */
  readonly openRecords: readonly string[];
  /**
   * Closes the earlier runs that were cut off, once all hosts that they may have changed were heard, and states from the records what
   * became of their steps. Returns a line for each, and the names of the closed ones.
   */
  settle(heard: ReadonlyMap<string, readonly RecordedStep[]>): Settled;
  /**
   * Writes run.json, manifest.json, and summary.txt unless the phase wrote it. Returns a Problem if anything could not
   * be kept on the way. A second call does nothing.
   */
  close(closing: RunClosing): Result<void>;
  /** The SHA-256 of the manifest, once the run is closed. */
  manifest(): string | undefined;
}

/**
 * Creates a run's folder, which no other run uses, and opens its events. Problems: `permission.evidence`,
 * `evidence.not-kept`, `config.evidence-dir`, `usage.evidence-dir`.
 */
export function openRun(request: RunRequest): Result<Run> {
  try {
    return ok(open(request));
  } catch (error) {
    return fail(error instanceof UnfitFolder ? error.problem : notKept(join(request.root, request.phase), error));
  }
}

function open(request: RunRequest): Run {
  const startedMs = request.nowMs();
  const root = openEvidenceRoot(request.root, request.by.replace(/@.*$/, ''));
  const earlier = findEarlierRuns(root, request);
  const phases = root.below(request.phase);
  const run = claim(phases, timestampOf(startedMs));
  const own = phases.below(run);
  const folder = own.path;
  const events = openSync(own.at('events.jsonl'), 'ax', FILE_MODE);
  const { phase, version, command, cwd, by, pid } = request;
  const opening: RunOpening = { phase, version, command, cwd, by, pid };
  let broken: Problem | undefined;
  let closed = false;
  let manifest: string | undefined;

  // A full disk must not stop a deployment half-way: the Problem is returned at the end instead.
  const keep = (write: () => void): void => {
    try {
      if (!closed) write();
    } catch (error) {
      broken ??= notKept(folder, error);
    }
  };
  const append = (line: object): void =>
    keep(() => void writeSync(events, `${JSON.stringify({ at: new Date(request.nowMs()).toISOString(), ...line })}\n`));
  const document = (path: string, content: string | object): void =>
    keep(() => {
      const text =
        typeof content === 'string'
          ? readable(path, request.redaction.text(content))
          : `${JSON.stringify(request.redaction.data(content), undefined, 2)}\n`;
      mkdirSync(dirname(own.at(path)), { recursive: true, mode: FOLDER_MODE });
      const file = openSync(own.at(path), NO_LINK, FILE_MODE);
      try {
        writeFileSync(file, text);
      } finally {
        closeSync(file);
      }
    });

  append({ kind: 'opened', schemaVersion: SCHEMA_VERSION, run, ...redacted(request.redaction, opening) });
  return {
    folder,
    name: `${phase}/${run}`,
    before: lastClosed(phases.at('.'), run)?.sha256,
    manifest: () => manifest,
    recorder: {
      event: (event) => {
        for (const kept of keptEvents(event)) append(redacted(request.redaction, kept));
        // From here on a host may be changed: a power cut must not lose that.
        if (event.kind === 'record') keep(() => fsyncSync(events));
      },
      file: (path, content) => {
        const place = documentPath(path);
        document(OWN_FILES.has(place) ? `_${place}` : place, content);
      },
    },
    openRecords: earlier.flatMap(({ records }) => [...records.values()]),
    settle: (heard) => settle(root, earlier, heard, { closedBy: `${phase}/${run}`, nowMs: request.nowMs() }),
    close: (closing) => {
      const endedMs = request.nowMs();
      const endedAt = new Date(endedMs).toISOString();
      const record: RunRecord = {
        schemaVersion: SCHEMA_VERSION,
        run,
        startedAt: new Date(startedMs).toISOString(),
        endedAt,
        durationMs: endedMs - startedMs,
        ...opening,
        ...closing,
      };
      append({ kind: 'closed', ending: closing.ending, exitCode: closing.exitCode });
      document('run.json', record);
      if (!existsSync(own.at('summary.txt'))) document('summary.txt', summaryOf(record));
      keep(() => document(MANIFEST, manifestOf({ run: own.at('.'), phases: phases.at('.') }, phase, run, endedAt)));
      keep(() => {
        manifest = sha256(readFileSync(own.at(MANIFEST)));
      });
      keep(() => fsyncSync(events));
      keep(() => {
        closeSync(events);
        own.close();
        phases.close();
        root.close();
      });
      closed = true;
      return broken === undefined ? ok(undefined) : fail(broken);
    },
  };
}

// The folder's name is the lock: the process that creates the folder owns it.
function claim(phases: OwnFolder, timestamp: string): string {
  for (let number = 1; ; number += 1) {
    const run = number === 1 ? timestamp : `${timestamp}-${String(number)}`;
    try {
      mkdirSync(phases.at(run), { mode: FOLDER_MODE });
      return run;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

/** A text for people has no sequence that a terminal would obey: an answer of a server may hold one. */
function readable(path: string, text: string): string {
  return /\.(?:txt|md)$/.test(path) ? printable(text) : text;
}

function redacted(redaction: Redaction, value: object): object {
  // Redaction keeps an object an object.
  return redaction.data(value) as object;
}

function notKept(folder: string, error: unknown): Problem {
  const code = errorCode(error);
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return {
    code: denied ? 'permission.evidence' : 'evidence.not-kept',
    summary: 'the evidence of this run cannot be kept',
    detail: `Expected to write below ${folder}, found: ${errorMessage(error)}.`,
    fix: code === 'ENOSPC' ? `df -h ${folder}` : 'choose another folder with --evidence-dir DIR',
    where: { file: folder },
  };
}
