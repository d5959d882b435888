import type { Question } from './question.ts';

// Linux's own tables: no tool is needed, and no privilege.
const SCRIPT = 'cat /proc/net/fib_trie; echo inet6; cat /proc/net/if_inet6 2>/dev/null || :';

/** The addresses that a host has, those of IPv6 in eight groups without leading zeros. */
export const addressesQuestion: Question<ReadonlySet<string>> = {
  script: SCRIPT,
  as: 'user',
  parse: ({ stdout }) => parseOwnAddresses(stdout),
};

/** Reads both tables: below an address of IPv4 stands `/32 host LOCAL`; IPv6 has a line for each, in hexadecimal. */
export function parseOwnAddresses(stdout: string): ReadonlySet<string> {
  const [trie = '', inet6 = ''] = stdout.split(/^inet6$/m);
  if (!trie.includes('LOCAL')) throw new Error('/proc/net/fib_trie could not be read');
  const v4 = [...trie.matchAll(/\|-- (\S+)(?:\n\s+\/.*)*?\n\s+\/32 host LOCAL/g)].map(([, address = '']) => address);
  const v6 = [...inet6.matchAll(/^([\da-f]{32}) /gm)].map(([, digits = '']) =>
    (digits.match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, '')).join(':'),
  );
  return new Set([...v4, ...v6]);
}

/** An address as the set has it: IPv6 without its abbreviation. */
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
