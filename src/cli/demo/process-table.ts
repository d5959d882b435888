import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Identifies a process: its number may be reused, but number and start time together are unique until the next boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot; proc(5), stat, field 22. */
  readonly startTicks: string;
}

/** The process that has this number now; `undefined` if it has ended (a zombie has). */
export function identify(pid: number): ProcessIdentity | undefined {
  // The second field is the program's name in parentheses, which may itself contain spaces and parentheses.
  const fields = read(`/proc/${String(pid)}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  const startTicks = fields?.[19];
  return startTicks === undefined || fields?.[0] === 'Z' || fields?.[0] === 'X' ? undefined : { pid, startTicks };
}

/** Whether this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTicks === identity.startTicks;
}

/** A process's arguments, joined by spaces; empty if they cannot be read. */
export function commandLineOf(pid: number): string {
  return (read(`/proc/${String(pid)}/cmdline`) ?? '').split('\0').join(' ').trim();
}

/** Describes the process that listens on a TCP port; `undefined` if the kernel does not show it to this user. */
export function describeListener(port: number): string | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listenersOf(read(table) ?? '', port)));
  const pid = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((name) => socketsOf(name).some((inode) => inodes.has(inode)));
  if (pid === undefined) return undefined;
  const command = commandLineOf(Number(pid));
  return `process ${pid} (${command.length > 80 ? `${command.slice(0, 79)}…` : command})`;
}

// proc(5), net/tcp: local address in hex as ADDRESS:PORT, state 0A is LISTEN, the tenth column is the socket's inode.
function listenersOf(table: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return rows.filter((row) => row[1]?.endsWith(suffix) === true && row[3] === '0A').map((row) => row[9] ?? '');
}

function socketsOf(pid: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
    );
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
