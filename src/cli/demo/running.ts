import { allPlaces, simPlaces, type DemoPlaces } from './places.ts';
import { SIM_WORDS } from './backends.ts';
import { askToEnd, endProcess, readPidFile, removePidFile } from './pid-file.ts';
import type { ProcessIdentity } from './process-table.ts';

const MOST_SIMS = 9;

/** The gateway of a demo, if it runs. */
export function runningGateway(places: DemoPlaces): ProcessIdentity | undefined {
  // The runtime and the release that it was started from lie below the demo's own folder.
  return readPidFile(places.gatewayPid, [places.prefix]);
}

/** The demo that is being set up or waits for Ctrl-C, if it runs and is not this process. */
export function runningDemo(places: DemoPlaces): ProcessIdentity | undefined {
  const identity = readPidFile(places.demoPid, ['demo']);
  return identity?.pid === process.pid ? undefined : identity;
}

/** Ends the gateway and the simulated backends of a demo; names what it ended, and what it could not. */
export async function stopServers(
  places: DemoPlaces,
): Promise<{ readonly ended: readonly string[]; readonly left: readonly string[] }> {
  const servers = serversOf(places).map(({ name, file, words }) => ({
    name,
    file,
    identity: readPidFile(file, words),
  }));
  // The gateway first, so that it does not see its backends vanish.
  const ended: string[] = [];
  const left: string[] = [];
  for (const { name, file, identity } of servers) {
    const gone = identity === undefined || (await endProcess(identity));
    if (gone) removePidFile(file);
    if (identity !== undefined) (gone ? ended : left).push(`${name} (process ${String(identity.pid)})`);
  }
  return { ended, left };
}

/** Sends every server of a demo its end without waiting, for a program that is about to exit. */
export function dropServers(places: DemoPlaces): void {
  for (const { file, words } of serversOf(places)) {
    const identity = readPidFile(file, words);
    if (identity !== undefined) askToEnd(identity);
  }
}

/** Every demo of this folder of which something runs. */
export function runningPlaces(cwd: string): readonly DemoPlaces[] {
  return allPlaces(cwd).filter(
    (places) =>
      runningDemo(places) !== undefined ||
      serversOf(places).some(({ file, words }) => readPidFile(file, words) !== undefined),
  );
}

function serversOf(
  places: DemoPlaces,
): readonly { readonly name: string; readonly file: string; readonly words: readonly string[] }[] {
  const sims = Array.from({ length: MOST_SIMS }, (_, index) => ({
    name: `simulated backend ${String(index + 1)}`,
    file: simPlaces(places, index + 1).pid,
    words: SIM_WORDS,
  }));
  return [{ name: 'gateway', file: places.gatewayPid, words: [places.prefix] }, ...sims];
}
