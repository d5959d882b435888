import { allPaths, simPaths, type DemoPaths } from './paths.ts';
import { SIM_WORDS } from './backends.ts';
import { askToEnd, endProcess, readPidFile, removePidFile } from './pid-file.ts';
import type { ProcessIdentity } from './process-table.ts';

const MOST_SIMS = 9;

/** The gateway of a demo, if it runs. */
export function runningGateway(paths: DemoPaths): ProcessIdentity | undefined {
  // Its runtime and release lie below the demo's own folder, so the folder is part of its command line.
  return readPidFile(paths.gatewayPid, [paths.prefix]);
}

/** The demo that is being set up or waits for Ctrl-C, if it runs and is not this process. */
export function runningDemo(paths: DemoPaths): ProcessIdentity | undefined {
  const identity = readPidFile(paths.demoPid, ['demo']);
  return identity?.pid === process.pid ? undefined : identity;
}

/** Stops the gateway and the simulated backends of a demo. Returns the names of the stopped and the remaining servers. */
export async function stopServers(
  paths: DemoPaths,
): Promise<{ readonly ended: readonly string[]; readonly left: readonly string[] }> {
  const servers = serversOf(paths).map(({ name, file, words }) => ({
    name,
    file,
    identity: readPidFile(file, words),
  }));
  // The gateway first, so that it does not report its backends as down.
  const ended: string[] = [];
  const left: string[] = [];
  for (const { name, file, identity } of servers) {
    const gone = identity === undefined || (await endProcess(identity));
    if (gone) removePidFile(file);
    if (identity !== undefined) (gone ? ended : left).push(`${name} (process ${String(identity.pid)})`);
  }
  return { ended, left };
}

/** Sends SIGTERM to every server of a demo without waiting, for a program that is about to exit. */
export function dropServers(paths: DemoPaths): void {
  for (const { file, words } of serversOf(paths)) {
    const identity = readPidFile(file, words);
    if (identity !== undefined) askToEnd(identity);
  }
}

/** Every demo of this folder that has a running process. */
export function runningPaths(cwd: string): readonly DemoPaths[] {
  return allPaths(cwd).filter(
    (paths) =>
      runningDemo(paths) !== undefined ||
      serversOf(paths).some(({ file, words }) => readPidFile(file, words) !== undefined),
  );
}

function serversOf(
  paths: DemoPaths,
): readonly { readonly name: string; readonly file: string; readonly words: readonly string[] }[] {
  const sims = Array.from({ length: MOST_SIMS }, (_, index) => ({
    name: `simulated backend ${String(index + 1)}`,
    file: simPaths(paths, index + 1).pid,
    words: SIM_WORDS,
  }));
  return [{ name: 'gateway', file: paths.gatewayPid, words: [paths.prefix] }, ...sims];
}
