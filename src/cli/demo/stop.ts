import type { Terminal } from '../terminal/terminal.ts';
import { EXIT } from '../exit-code.ts';
import { endProcess, removePidFile } from './pid-file.ts';
import { runningDemo, runningPaths, stopServers } from './running.ts';

/** Ends every demo that was started in this folder, and says what it ended; that none runs is said too, and is no failure. */
export async function stopDemos(terminal: Terminal): Promise<number> {
  const running = runningPaths(terminal.cwd);
  if (running.length === 0) terminal.stdout.write('No demo runs here; nothing was stopped.\n');
  let exitCode: number = EXIT.ok;
  for (const paths of running) {
    const demo = runningDemo(paths);
    // A demo that waits for Ctrl-C stops what it started when it is asked to end.
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
