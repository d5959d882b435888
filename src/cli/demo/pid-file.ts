import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../core/error.ts';
import { commandLineOf, identify, isRunning, type ProcessIdentity } from './process-table.ts';

const PATIENCE_MS = 10_000;
const POLL_MS = 50;

/** Writes a process down, with its start, so that nobody else is taken for it later. */
export function writePidFile(file: string, pid: number): void {
  writeFileSync(file, `${String(pid)} ${identify(pid)?.startTicks ?? ''}\n`);
}

/** As `writePidFile`, unless there is such a file already: of several at once one is told true. */
export function claimPidFile(file: string, pid: number): boolean {
  const own = `${file}.${String(pid)}`;
  writePidFile(own, pid);
  try {
    // Unlike a file that is opened only if it is new, this one is never seen empty.
    linkSync(own, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own);
  }
}

/**
 * The process that a file names, if it still runs and is ours: its start is the one written down, where one is, and its
 * command line has the given words in it.
 */
export function readPidFile(file: string, words: readonly string[]): ProcessIdentity | undefined {
  const [pid = '', startTicks = ''] = readWords(file);
  const identity = /^\d+$/.test(pid) ? identify(Number(pid)) : undefined;
  if (identity === undefined || (startTicks !== '' && startTicks !== identity.startTicks)) return undefined;
  const command = commandLineOf(identity.pid);
  return words.every((word) => command.includes(word)) ? identity : undefined;
}

/** Asks a process to end, waits until it has, and insists after ten seconds. Says whether it is gone. */
export async function endProcess(identity: ProcessIdentity): Promise<boolean> {
  askToEnd(identity);
  if (await hasEnded(identity, PATIENCE_MS)) return true;
  send(identity, 'SIGKILL');
  return hasEnded(identity, PATIENCE_MS);
}

/** Asks a process to end, without waiting for it. */
export function askToEnd(identity: ProcessIdentity): void {
  send(identity, 'SIGTERM');
}

/** Removes a pid file; it need not be there. */
export function removePidFile(file: string): void {
  rmSync(file, { force: true });
}

function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    if (isRunning(identity)) process.kill(identity.pid, signal);
  } catch {
    // It ended in between, or is not ours to signal: waiting for its end tells which.
  }
}

// The kernel tells nobody but the parent that a process has ended; everybody else has to look.
async function hasEnded(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const untilMs = Date.now() + withinMs;
  while (isRunning(identity)) {
    if (Date.now() > untilMs) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function readWords(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').trim().split(/\s+/);
  } catch {
    return [];
  }
}
