import type { Question } from './question.ts';

// The kernel's tables need no tool and no privilege.
const SCRIPT = 'cat /proc/net/fib_trie; echo inet6; cat /proc/net/if_inet6 2>/dev/null || :';

/** The host's own addresses. IPv6 is written as eight groups without leading zeros. */
export const addressesQuestion: Question<ReadonlySet<string>> = {
  script: SCRIPT,
  as: 'user',
  parse: ({ stdout }) => parseOwnAddresses(stdout),
};

/**
 * Parses both tables. In fib_trie, `/32 host LOCAL` follows an own IPv4 address; if_inet6 has one line in hexadecimal
 * for each IPv6 address.
 */
export function parseOwnAddresses(stdout: string): ReadonlySet<string> {
  const [trie = '', inet6 = ''] = stdout.split(/^inet6$/m);
  if (!trie.includes('LOCAL')) throw new Error('/proc/net/fib_trie could not be read');
  const v4 = [...trie.matchAll(/\|-- (\S+)(?:\n\s+\/.*)*?\n\s+\/32 host LOCAL/g)].map(([, address = '']) => address);
  const v6 = [...inet6.matchAll(/^([\da-f]{32}) /gm)].map(([, digits = '']) =>
    (digits.match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, '')).join(':'),
  );
  return new Set([...v4, ...v6]);
}

/** An address in the form of the set: IPv6 as eight groups. */
export function longAddress(address: string): string {
  if (!address.includes(':')) return address;
  const [head = [], tail = []] = address
    .toLowerCase()
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  return [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
    .map((group) => group.replace(/^0{1,3}(?=.)/, ''))
    .join(':');
}

/** Addresses that other machines reach: neither of the loopback nor of a single link. */
export function globalAddresses(addresses: ReadonlySet<string>): {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
} {
  const all = [...addresses];
  return {
    v4: all.filter((address) => !address.includes(':') && !/^(?:127|169\.254)\./.test(address)),
    v6: all.filter((address) => address.includes(':') && !/^(?:fe[89ab]|0:0:0:0:0:0:0:1$)/.test(address)),
  };
}
