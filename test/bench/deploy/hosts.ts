import { readFileSync, writeFileSync } from 'node:fs';
import { run, until } from '../../lab/command.ts';
import { bootHost } from '../../lab/host/boot.ts';
import { openHost, waitForHost, type LabHost } from '../../lab/host/host.ts';
import { ensureBuilt } from '../../lab/image/cache.ts';
import { debianRecipe } from '../../lab/image/debian.ts';
import { pythonRecipe } from '../../lab/image/programs.ts';
import { findMirror } from '../../lab/packages.ts';
import { KNOWN_HOSTS, type Place } from '../../lab/place.ts';

/** The first free last part of an address: the lab's own hosts and its name server are below. */
const FIRST_OCTET = 60;
/** Hosts that boot at a time: each makes its host keys. */
const AT_ONCE = 6;

const INOTIFY = '/proc/sys/fs/inotify/max_user_instances';
/** Each systemd watches with six of them, and the usual 128 are for all hosts of the machine. */
const MOST_WATCHERS = 1024;

/** Lets forty hosts run at once, until it is disposed of. */
export function withManyHosts(): Disposable {
  const before = readFileSync(INOTIFY, 'utf8');
  if (Number(before) < MOST_WATCHERS) writeFileSync(INOTIFY, String(MOST_WATCHERS));
  return { [Symbol.dispose]: () => writeFileSync(INOTIFY, before) };
}

/** Boots bare hosts with Python beside the lab's, numbered from `first` on. */
export async function bootBenchHosts(first: number, count: number, signal: AbortSignal): Promise<readonly LabHost[]> {
  const debian = await ensureBuilt(debianRecipe(await findMirror(), signal));
  const python = await ensureBuilt(pythonRecipe(debian, signal));
  const places = Array.from({ length: count }, (_, index) => placeOf(first + index));
  for (let begun = 0; begun < count; begun += AT_ONCE) {
    const batch = places.slice(begun, begun + AT_ONCE);
    await Promise.all(batch.map((place) => bootHost(place, [python, debian])));
    await Promise.all(batch.map((place) => waitForHost(openHost(place), signal)));
  }
  return places.map(openHost);
}

function placeOf(number: number): Place {
  const octet = FIRST_OCTET + number;
  if (octet > 254) throw new Error('the lab’s network has no more addresses');
  return { name: `hx-bench${number}`, role: 'api', address: `10.77.0.${String(octet)}`, octet };
}

/** The host’s keys as known_hosts has them for a relay of this machine. */
export function knownHostLines(host: LabHost, port: number): readonly string[] {
  return readFileSync(KNOWN_HOSTS, 'utf8')
    .split('\n')
    .filter((line) => line.split(' ')[0]?.split(',').includes(host.address))
    .map((line) => line.replace(/^\S+/, `[127.0.0.1]:${String(port)}`));
}

/** Waits until the gateway of a host answers, so that no run pays for the start of the one before. */
export async function settle(host: LabHost): Promise<void> {
  await until(`the gateway of ${host.name}`, 60_000, async () => {
    const ran = await run(['curl', '-fsS', '-m', '5', `http://${host.address}:4000/health/readiness`]);
    return ran.exitCode === 0;
  });
}
