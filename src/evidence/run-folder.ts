import { closeSync, constants, existsSync, fsyncSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, errorMessage } from '../core/error.ts';
import { printable } from '../core/printable.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import { keptEvents, type RecordedStep, type Recorder } from '../core/recorder.ts';
import { appendRun, closing } from './chain/append-run.ts';
import { readChain } from './chain/chain.ts';
import { claimRun } from './claim-run.ts';
import { documentPath } from './document-path.ts';
import { findEarlierRuns } from './earlier-run.ts';
import { MANIFEST, SIGNATURE } from './manifest.ts';
import { openEvidenceRoot, UnfitFolder } from './own-folder.ts';
import type { Redaction } from './redaction.ts';
import { reportFiles } from './report/report-files.ts';
import { SCHEMA_VERSION, type RunClosing, type RunOpening, type RunRecord } from './run-record.ts';
import { settle, type Settled } from './settle.ts';
import { summaryOf } from './summary.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const NO_LINK = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
// Files that the run itself writes. A phase's document with such a name gets the prefix `_`.
const OWN_FILES = new Set(['run.json', 'events.jsonl', MANIFEST, SIGNATURE]);

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
  /** The SHA-256 of the manifest that the chain ended with when the run was opened. */
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
   * be kept on the way. A second call does nothing. `isSigned`: its manifest says that it is going to be signed.
   */
  close(closing: RunClosing, isSigned?: boolean): Result<void>;
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
  const chain = readChain(root.at('.'));
  const earlier = findEarlierRuns(root, request, chain);
  const phases = root.below(request.phase);
  const { phase, version, command, cwd, by, pid } = request;
  const opening: RunOpening = { phase, version, command, cwd, by, pid };
  const startedAt = new Date(startedMs).toISOString();
  const { run, events } = claimRun(phases, startedMs, (name) => {
    const first = { kind: 'opened', schemaVersion: SCHEMA_VERSION, run: name, ...redacted(request.redaction, opening) };
    return `${JSON.stringify({ at: startedAt, ...first })}\n`;
  });
  const own = phases.below(run);
  const folder = own.path;
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
      save(
        path,
        typeof content === 'string'
          ? readable(path, request.redaction.text(content))
          : `${JSON.stringify(request.redaction.data(content), undefined, 2)}\n`,
      );
    });
  const save = (path: string, text: string): void =>
    keep(() => {
      mkdirSync(dirname(own.at(path)), { recursive: true, mode: FOLDER_MODE });
      const file = openSync(own.at(path), NO_LINK, FILE_MODE);
      try {
        writeFileSync(file, text);
      } finally {
        closeSync(file);
      }
    });

  return {
    folder,
    name: `${phase}/${run}`,
    before: chain.head?.sha256,
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
    close: (ended, isSigned = false) => {
      const endedMs = request.nowMs();
      const endedAt = new Date(endedMs).toISOString();
      const record: RunRecord = {
        schemaVersion: SCHEMA_VERSION,
        run,
        startedAt,
        endedAt,
        durationMs: endedMs - startedMs,
        ...opening,
        ...ended,
      };
      append({ kind: 'closed', ending: ended.ending, exitCode: ended.exitCode });
      document('run.json', record);
      if (!existsSync(own.at('summary.txt'))) document('summary.txt', summaryOf(record));
      keep(() => {
        // Redaction keeps the record's shape; events and documents are redacted.
        const reports = reportFiles(own.at('.'), request.redaction.data(record) as RunRecord);
        for (const [name, text] of Object.entries(reports)) if (!existsSync(own.at(name))) save(name, text);
      });
      keep(() => {
        manifest = closing(root, () => appendRun(root, own, { phase, run, closedAt: endedAt, isSigned })).sha256;
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
