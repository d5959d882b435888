import type { Terminal } from '../terminal/terminal.ts';
import { EXIT } from '../exit-code.ts';
import { endProcess, removePidFile } from './pid-file.ts';
import { runningDemo, runningPaths, stopServers } from './running.ts';

/** Stops every demo that was started in this folder and reports the stopped processes. If none runs, it says so; that is not a failure. */
export async function stopDemos(terminal: Terminal): Promise<number> {
  const running = runningPaths(terminal.cwd);
  if (running.length === 0) terminal.stdout.write('No demo is running in this folder.\n');
  let exitCode: number = EXIT.ok;
  for (const paths of running) {
    const demo = runningDemo(paths);
    // A demo that waits for Ctrl-C stops its servers by itself on SIGTERM.
    if (demo !== undefined && !(await endProcess(demo))) exitCode = EXIT.failed;
    const { ended, left } = await stopServers(paths);
    removePidFile(paths.demoPid);
    const all = [...(demo === undefined ? [] : [`demo (process ${String(demo.pid)})`]), ...ended];
    if (all.length > 0) terminal.stdout.write(`Stopped: ${all.join(', ')}.\n`);
    if (left.length > 0) {
      terminal.stderr.write(`Could not stop: ${left.join(', ')}.\n`);
      exitCode = EXIT.failed;
    }
  }
  return exitCode;
}
