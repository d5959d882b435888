import type { ChildProcess } from 'node:child_process';

const children = new Set<ChildProcess>();
let isWatching = false;

/** Ends a child with this process, however that ends but by SIGKILL. */
export function endWithUs(child: ChildProcess): void {
  if (!isWatching) {
    isWatching = true;
    process.on('exit', () => {
      for (const one of children) {
        // A stopped process takes the signal when it goes on.
        one.kill('SIGTERM');
        one.kill('SIGCONT');
      }
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
  }
  children.add(child);
  child.once('exit', () => children.delete(child));
}
