import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import type { Problem, Result } from '../../core/problem.ts';
import type { FleetDocument } from '../../schema/fleet-document.ts';
import { askFleet } from '../fleet/ask.ts';
import type { FleetGateway, GatewayOptions } from '../fleet/fleet-gateway.ts';
import { withGateway } from '../fleet/gateway.ts';
import { openScreen } from '../terminal/screen.ts';
import { watchInterruption } from '../terminal/interruption.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { createPaint } from '../views/paint.ts';
import { fleetLines } from '../views/fleet.ts';
import { reportProblems } from '../views/problems.ts';

/** The options of `fleet`. */
export interface FleetOptions extends GatewayOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly replay?: string;
  readonly servers?: string;
  readonly slots?: string;
  readonly strategy?: string;
}

const WATCH_MS = 1000;
/** The width of a picture for a pipe. */
const PIPE_COLUMNS = 120;

/** Shows the fleet of a gateway: once, or every second until Ctrl-C. Returns the exit code. */
export async function showFleet(terminal: Terminal, options: FleetOptions): Promise<number> {
  const { stdout } = terminal;
  const interruption = watchInterruption(
    () => {},
    () => process.exit(EXIT.interrupted),
  );
  const { signal } = interruption;
  try {
    const shown = await withGateway(terminal, options, signal, async (gateway): Promise<Result<number>> => {
      const first = await askFleet(gateway, signal);
      if (!first.ok) return first;
      if (options.json === true) stdout.write(`${JSON.stringify(first.value, undefined, 2)}\n`);
      else if (options.watch === true && canWatch(terminal)) await watch(terminal, gateway, first.value, signal);
      else stdout.write(`${pictureOf(terminal, gateway, first.value, { isSnapshot: true }).join('\n')}\n`);
      return { ok: true, value: EXIT.ok };
    });
    if (shown.ok) return shown.value;
    if (signal.aborted) return EXIT.interrupted;
    reportProblems(terminal, shown.problems);
    return exitCodeOfProblems(shown.problems);
  } finally {
    interruption.dispose();
  }
}

function canWatch({ stdout, environment }: Terminal): boolean {
  return stdout.isTty && environment['TERM'] !== 'dumb';
}

async function watch(
  terminal: Terminal,
  gateway: FleetGateway,
  first: FleetDocument,
  signal: AbortSignal,
): Promise<void> {
  const screen = openScreen(terminal.stdout);
  try {
    let last = first;
    let problem: Problem | undefined;
    while (!signal.aborted) {
      screen.draw(pictureOf(terminal, gateway, last, { problem, isSnapshot: false }));
      await pause(WATCH_MS, signal);
      if (signal.aborted) return;
      const next = await askFleet(gateway, signal);
      if (next.ok) last = next.value;
      problem = next.ok ? undefined : next.problems[0];
    }
  } finally {
    screen.close();
  }
}

// Below a snapshot is the prompt.
function pictureOf(
  { stdout, environment }: Terminal,
  { name }: FleetGateway,
  document: FleetDocument,
  { problem, isSnapshot }: { readonly problem?: Problem | undefined; readonly isSnapshot: boolean },
): readonly string[] {
  const columns = stdout.columns();
  return fleetLines(document, {
    name,
    columns: Number.isFinite(columns) ? columns : PIPE_COLUMNS,
    rows: stdout.rows() - (isSnapshot ? 1 : 0),
    paint: createPaint(environment, stdout.isTty),
    problem,
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
