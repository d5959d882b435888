import type { Question } from './question.ts';

/** Addresses that a name has as programs on the host see it (NSS: hosts file, DNS …); empty: it does not resolve. */
export type Addresses = readonly string[];

/** What a name resolves to, from the host. */
export function nameQuestion(name: string): Question<Addresses> {
  return {
    script: 'getent ahosts "$1"; code=$?; [ $code = 2 ] && exit 0; exit $code',
    arguments: [name],
    as: 'user',
    timeoutS: 15,
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`getent ended with ${String(exitCode)}`);
      return parseAddresses(stdout);
    },
  };
}

/** Reads `getent ahosts`: an address at the start of each line, once for each kind of socket. */
export function parseAddresses(text: string): Addresses {
  return [
    ...new Set(
      text
        .split('\n')
        .map((line) => line.split(/\s/, 1)[0] ?? '')
        .filter((address) => address !== ''),
    ),
  ];
}
