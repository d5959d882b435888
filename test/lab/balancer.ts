import { ensureBuilt } from './image/cache.ts';
import { debianRecipe } from './image/debian.ts';
import { haproxyRecipe } from './image/programs.ts';
import { ensurePackages, findMirror } from './packages.ts';

/** Builds the layers of hosts beside the lab's own, once: Debian for a second gateway, and HAProxy on it for a balancer. It needs Debian's mirror. */
export async function buildBalancer(
  signal: AbortSignal,
): Promise<{ readonly debian: string; readonly haproxy: string }> {
  await ensurePackages((line) => process.stderr.write(`lab: ${line}\n`), signal);
  const debian = await ensureBuilt(debianRecipe(await findMirror(), signal));
  return { debian, haproxy: await ensureBuilt(haproxyRecipe(debian, signal)) };
}
