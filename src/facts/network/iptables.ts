import {
  allOf,
  clearest,
  isInNetwork,
  isPortOf,
  negated,
  type Match,
  type Packet,
  type RuleVerdict,
} from './packet.ts';

interface Chain {
  readonly policy: string;
  readonly rules: string[];
}

/** Chains of the table `filter`, from the output of iptables-save or ip6tables-save. */
function filterChains(text: string): ReadonlyMap<string, Chain> {
  const chains = new Map<string, Chain>();
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    const [, name, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (table === 'filter' && name !== undefined && policy !== undefined) chains.set(name, { policy, rules: [] });
    const [, chain] = /^-A (\S+) /.exec(line) ?? [];
    if (table === 'filter' && chain !== undefined) chains.get(chain)?.rules.push(line);
  }
  return chains;
}

/** The end of a packet in the rules that iptables-save prints; `undefined` if there are none. */
export function judgeIptables(text: string, packet: Packet, program: string): RuleVerdict | undefined {
  const chains = filterChains(text);
  const input = chains.get('INPUT');
  if (input === undefined) return undefined;
  const doubts: string[] = [];
  const end = run(chains, 'INPUT', packet, doubts, 0) ?? {
    target: input.policy,
    rule: `${program}: policy ${input.policy} of INPUT`,
    text: '',
  };
  if (end.target === 'ACCEPT') return { state: 'open', rule: end.rule };
  const doubt = clearest(doubts);
  if (doubt !== undefined) return { state: 'unclear', rule: `${program}: ${doubt}` };
  return { state: 'closed', rule: end.text === '' ? end.rule : `${program}: ${end.text}`, kind: kindOf(end) };
}

interface End {
  readonly target: string;
  readonly rule: string;
  readonly text: string;
}

function kindOf({ target, text }: End): 'drop' | 'reject' | 'prohibit' {
  if (target !== 'REJECT') return 'drop';
  return /prohibited|icmp-(?:host|net)-|no-route|adm/.test(text) ? 'prohibit' : 'reject';
}

const DEPTH_MAX = 32;

function run(
  chains: ReadonlyMap<string, Chain>,
  name: string,
  packet: Packet,
  doubts: string[],
  depth: number,
): End | undefined {
  if (depth > DEPTH_MAX) return undefined;
  for (const rule of chains.get(name)?.rules ?? []) {
    const words = rule.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
    const jump = words.findIndex((word) => word === '-j' || word === '-g');
    const target = words[jump + 1] ?? '';
    const match = matchOf(words.slice(2, jump < 0 ? undefined : jump), packet);
    if (match === 'no' || jump < 0) continue;
    if (match === 'maybe') {
      if (target === 'ACCEPT' || mayAccept(chains, target, 0)) doubts.push(rule);
      continue;
    }
    if (target === 'RETURN') return undefined;
    if (['ACCEPT', 'DROP', 'REJECT'].includes(target)) return { target, rule, text: rule };
    if (chains.has(target)) {
      const end = run(chains, target, packet, doubts, depth + 1);
      if (end !== undefined) return end;
      if (words[jump] === '-g') return undefined;
    }
  }
  return undefined;
}

function mayAccept(chains: ReadonlyMap<string, Chain>, name: string, depth: number): boolean {
  if (depth > DEPTH_MAX) return false;
  return (chains.get(name)?.rules ?? []).some((rule) => {
    const target = / -[jg] (\S+)/.exec(rule)?.[1] ?? '';
    return target === 'ACCEPT' || mayAccept(chains, target, depth + 1);
  });
}

/** Conditions of a rule. Modules without a condition (`-m tcp`) and comments ask for nothing. */
function matchOf(words: readonly string[], packet: Packet): Match {
  const found: Match[] = [];
  let isNegated = false;
  for (let at = 0; at < words.length; at++) {
    const [word = '', next = ''] = [words[at], words[at + 1]];
    const value = word === '--tcp-flags' ? `${next} ${words[at + 2] ?? ''}` : next;
    if (word === '!') {
      isNegated = true;
      continue;
    }
    const match = condition(word, value, packet);
    if (match !== undefined) found.push(isNegated ? negated(match) : match);
    isNegated = false;
    at += word === '--tcp-flags' ? 2 : value.startsWith('-') || value === '!' ? 0 : 1;
  }
  return allOf(found);
}

function condition(word: string, value: string, { source, destination, link, port }: Packet): Match | undefined {
  switch (word) {
    case '-m':
    case '--comment':
      return undefined;
    // A limit of a rate or of connections is not reached by the first packets.
    case '--limit':
    case '--limit-burst':
    case '--hashlimit-upto':
    case '--connlimit-upto':
      return 'yes';
    case '--hashlimit-above':
    case '--connlimit-above':
      return 'no';
    case '-p':
      return yes(value === 'tcp' || value === '6' || value === 'all');
    case '--dport':
    case '--dports':
    case '--ports':
      return yes(value.split(',').some((part) => isPortOf(port, part)));
    case '-s':
      return isInNetwork(source, value);
    case '-d':
      return isInNetwork(destination, value);
    case '-i':
      if (value === 'lo') return 'no';
      if (link === '') return 'maybe';
      return yes(value.endsWith('+') ? link.startsWith(value.slice(0, -1)) : link === value);
    case '--ctstate':
    case '--state':
      return yes(value.split(',').includes('NEW'));
    case '--dst-type':
      return yes(value === 'LOCAL');
    case '--tcp-flags': {
      // Both lists: the flags to look at, and those of them that are set. A first packet has SYN alone.
      const [mask = '', set = ''] = value.split(' ');
      return yes(set === (/SYN|ALL/.test(mask) ? 'SYN' : 'NONE'));
    }
    case '--syn':
      return 'yes';
    default:
      return 'maybe';
  }
}

function yes(holds: boolean): Match {
  return holds ? 'yes' : 'no';
}
