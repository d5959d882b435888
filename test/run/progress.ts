import type { EventData } from 'node:test';

type Where = Pick<EventData.TestEnqueue, 'name' | 'line' | 'testId'>;
type State = 'waits' | 'runs' | 'ended';

/** The progress of the tests of one file. */
export interface Progress {
  readonly enqueued: (test: Where) => void;
  readonly begun: (test: Where) => void;
  readonly ended: (test: Where) => void;
  /** The tests that have ended, run and wait, as lines for people. */
  describe(): readonly string[];
}

/** Records the tests of a file from its process's events. */
export function createProgress(): Progress {
  const tests = new Map<number, { readonly title: string; state: State }>();
  const set = ({ name, line, testId }: Where, state: State): void => {
    const known = tests.get(testId);
    if (known === undefined)
      tests.set(testId, { title: line === undefined ? name : `${name} (line ${String(line)})`, state });
    else known.state = state;
  };
  const titles = (wanted: State): readonly string[] =>
    [...tests.values()].filter(({ state }) => state === wanted).map(({ title }) => title);
  return {
    enqueued: (test) => {
      set(test, 'waits');
    },
    begun: (test) => {
      set(test, 'runs');
    },
    ended: (test) => {
      set(test, 'ended');
    },
    describe: () => {
      const [ended, running, waiting] = [titles('ended'), titles('runs'), titles('waits')];
      if (tests.size === 0) return ['none of its tests had begun'];
      if (running.length === 0 && waiting.length === 0)
        return [`all its tests had ended (${String(ended.length)}), but something that it opened kept it from ending`];
      return [`ended: ${list(ended)}`, `running: ${list(running)}`, `not begun: ${list(waiting)}`];
    },
  };
}

function list(titles: readonly string[]): string {
  return titles.length === 0 ? 'none' : titles.join('; ');
}
