/**
 * How long this process worked on something, in milliseconds of its processors. A machine that is busy with something else makes
 * it hardly longer, as it does what a clock shows, so a limit on it catches work that grows too fast and nothing else.
 */
export async function workingMsOf(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
