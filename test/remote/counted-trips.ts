import type { Command, Host } from '../../src/core/host.ts';

/** A host whose calls are counted in round trips, as SSH would take them. */
export interface CountedHost {
  readonly host: Host;
  /** The longest chain of round trips that waited for each other until now. */
  readonly trips: () => number;
}

/** A session takes one to open and one to begin; then its first output is here, and its input leaves. */
const BEGUN = 2;

/**
 * Counts without measuring time: the clock is the number of round trips after which this machine knows what it knows. An output of a session
 * is one trip later than the input that it answers, and each session opens as early as it is asked for.
 */
export function countTrips(host: Host): CountedHost {
  let clock = 0;
  const hear = (trip: number): void => {
    clock = Math.max(clock, trip);
  };
  return {
    trips: () => clock,
    host: {
      ...host,
      run: async (command, options) => {
        const begun = clock + BEGUN;
        let answer = begun;
        const send = (): void => {
          answer = Math.max(clock, begun) + 1;
        };
        const { onOutput } = command;
        const ran = await host.run(
          {
            ...command,
            ...(command.stdin === undefined ? {} : { stdin: inputOf(command.stdin, send) }),
            ...(onOutput === undefined
              ? {}
              : {
                  onOutput: (chunk) => {
                    hear(answer);
                    onOutput(chunk);
                  },
                }),
          },
          options,
        );
        hear(answer);
        return ran;
      },
      close: async () => {
        hear(clock + 1);
        await host.close();
      },
    },
  };
}

async function* inputOf(stdin: NonNullable<Command['stdin']>, send: () => void): AsyncIterable<Uint8Array> {
  if (typeof stdin === 'string' || stdin instanceof Uint8Array) {
    send();
    yield Buffer.from(stdin);
    return;
  }
  for await (const chunk of stdin) {
    send();
    yield chunk;
  }
  // The end of the input is news too.
  send();
}
