import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../core/error.ts';
import { commandLineOf, identify, isRunning, type ProcessIdentity } from './process-table.ts';

const PATIENCE_MS = 10_000;
const POLL_MS = 50;

/** Writes the number and start time of a process, so that no later process is mistaken for it. */
export function writePidFile(file: string, pid: number): void {
  writeFileSync(file, `${String(pid)} ${identify(pid)?.startTicks ?? ''}\n`);
}

/** Like `writePidFile`, but returns false if the file exists already. Of several processes at once only one gets true. */
export function claimPidFile(file: string, pid: number): boolean {
  const own = `${file}.${String(pid)}`;
  writePidFile(own, pid);
  try {
    // link(2) is atomic, so no reader ever sees an empty file, unlike a file opened with O_EXCL.
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
 * The process that a pid file names, if it still runs and is the demo's: its start time matches the file's, if there is one,
 * and its command line contains the given words.
 */
export function readPidFile(file: string, words: readonly string[]): ProcessIdentity | undefined {
  const [pid = '', startTicks = ''] = readWords(file);
  const identity = /^\d+$/.test(pid) ? identify(Number(pid)) : undefined;
  if (identity === undefined || (startTicks !== '' && startTicks !== identity.startTicks)) return undefined;
  const command = commandLineOf(identity.pid);
  return words.every((word) => command.includes(word)) ? identity : undefined;
}

/** Sends SIGTERM, waits for the end, and sends SIGKILL after ten seconds. Returns whether the process has ended. */
export async function endProcess(identity: ProcessIdentity): Promise<boolean> {
  askToEnd(identity);
  if (await hasEnded(identity, PATIENCE_MS)) return true;
  send(identity, 'SIGKILL');
  return hasEnded(identity, PATIENCE_MS);
}

/** Sends SIGTERM without waiting. */
export function askToEnd(identity: ProcessIdentity): void {
  send(identity, 'SIGTERM');
}

/** Removes a pid file if it exists. */
export function removePidFile(file: string): void {
  rmSync(file, { force: true });
}

function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    if (isRunning(identity)) process.kill(identity.pid, signal);
  } catch {
    // The process has just ended, or belongs to another user. Waiting for its end shows which.
  }
}

// The kernel reports the end of a process only to its parent, so poll.
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
