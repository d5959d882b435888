/** A conversation of 690 kB as JSON. */
const TEXT = JSON.stringify(
  Array.from({ length: 10_000 }, (_, index) => ({
    id: index,
    role: 'user',
    content: `message ${String(index)} of a conversation`,
  })),
);

/** CPU time to parse and write {@link TEXT} on two cores at rest, ms: the fastest of 200 runs. */
const AT_REST_MS = 2.1;

/**
 * How many times slower than at rest this thread works now, at least 1. Neighbours that share a core, its caches and the memory make the same
 * work cost up to five times the CPU time.
 */
export function slowness(): number {
  const before = process.threadCpuUsage();
  JSON.stringify(JSON.parse(TEXT));
  const { user, system } = process.threadCpuUsage(before);
  return Math.max(1, (user + system) / 1000 / AT_REST_MS);
}

// The first ones are not compiled yet.
for (let run = 0; run < 5; run += 1) slowness();

/**
 * CPU time that this process spends on a function, in ms of a machine at rest. A clock's time would change with other load, so a limit on
 * this catches work that grows too fast and nothing else.
 */
export async function workingMsOf(work: () => void | Promise<void>): Promise<number> {
  const slow = slowness();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / Math.max(slow, slowness());
}
