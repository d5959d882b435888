/**
 * CPU time that this process spent on a function, ms. Other load on the machine changes it little, unlike a clock's time, so a
 * limit on it catches work that grows too fast and nothing else.
 */
export async function workingMsOf(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
