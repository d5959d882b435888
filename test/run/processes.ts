import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The variable that marks the processes of a file, whoever their parent is. */
export const MARK = 'HXLLM_TEST_FILE_RUN';

const LOOK_EVERY_MS = 50;
const LOOKS = 100;

/** Kills every process that was started with `MARK=mark`, and all processes below them; returns those that remain. */
export async function endMarked(mark: string): Promise<readonly number[]> {
  for (let look = 0; look < LOOKS; look += 1) {
    // Repeated: a process may start another one while it is being ended.
    const found = markedProcesses(mark);
    if (found.length === 0) return [];
    for (const pid of found) kill(pid);
    await sleep(LOOK_EVERY_MS);
  }
  return markedProcesses(mark);
}

/** Processes with the mark in their environment, and those below them, which may have another environment. */
export function markedProcesses(mark: string): readonly number[] {
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const name of readNames('/proc')) {
    const pid = Number(name);
    // proc(5): the state and the parent follow the name in brackets, which may hold any character.
    const [state, parent] = read(`/proc/${name}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ');
    if (!/^\d+$/.test(name) || pid === process.pid || parent === undefined || state === 'Z') continue;
    parents.set(pid, Number(parent));
    if (`\0${read(`/proc/${name}/environ`)}`.includes(`\0${MARK}=${mark}\0`)) found.add(pid);
  }
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has ended since it was found.
  }
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
