import type { Question } from './question.ts';

/** Addresses of a name as programs on the host resolve it (NSS: hosts file, DNS …). Empty: it does not resolve. */
export type Addresses = readonly string[];

/** Resolves a name on the host. */
export function nameQuestion(name: string): Question<Addresses> {
  return {
    script: 'getent ahosts "$1"; code=$?; [ $code = 2 ] && exit 0; exit $code',
    arguments: [name],
    as: 'user',
    timeoutS: 15,
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`getent exited with ${String(exitCode)}`);
      return parseAddresses(stdout);
    },
  };
}

/** Parses `getent ahosts`: each line begins with an address, once for each socket type. */
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

/** The host part of a backend's URL, an IPv6 address without brackets. */
export function hostnameOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}
