import type { PhaseEvent, Recorder } from '../../core/recorder.ts';

/**
 * A recorder for each of several hosts that are worked on at once. The events of the first host pass at once; those of a later one wait until
 * all before it have ended, so that each host's lines stand together in the order of the inventory. `record` events never wait:
 * with them a later run finds out what a run that was killed has done.
 */
export function recordersInOrder(
  recorder: Recorder,
  count: number,
): readonly { readonly recorder: Recorder; readonly end: () => void }[] {
  const held: PhaseEvent[][] = Array.from({ length: count }, () => []);
  const ended = new Set<number>();
  let first = 0;
  const advance = (): void => {
    while (ended.has(first)) {
      first += 1;
      for (const event of held[first] ?? []) recorder.event(event);
      held[first] = [];
    }
  };
  return held.map((_, index) => ({
    recorder: {
      event: (event) => {
        if (index <= first || event.kind === 'record') recorder.event(event);
        else held[index]?.push(event);
      },
      file: (path, content) => recorder.file(path, content),
    },
    end: () => {
      ended.add(index);
      advance();
    },
  }));
}
