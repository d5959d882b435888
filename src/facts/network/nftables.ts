import { isObject, type Json } from '../../core/json.ts';
import {
  inWords,
  isOneOf,
  list,
  limitOf,
  matchOf,
  setKey,
  valueOf,
  verbOf,
  word,
  type NamedSets,
} from './nft-expression.ts';
import { allOf, clearest, type Match, type Packet, type RuleVerdict } from './packet.ts';

interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook: string | undefined;
  readonly priority: number;
  readonly policy: string;
  readonly rules: (readonly unknown[])[];
}

interface Ruleset {
  readonly chains: readonly Chain[];
  /** Chains of tables that only iptables-save shows in full. */
  readonly left: readonly Chain[];
  readonly sets: NamedSets;
}

/**
 * The end of a packet in the output of `nft -j list ruleset` (libnftables-json(5)); `undefined` if that cannot be parsed. Tables with modules
 * of iptables are left to iptables-save; `hasSave` says that the host has it.
 */
export function judgeNftables(text: string, packet: Packet, hasSave: boolean): RuleVerdict | undefined {
  const ruleset = parse(text);
  if (ruleset === undefined) return undefined;
  const hidden = ruleset.left.find(({ hook, family }) => hook === 'input' && isFamilyOf(family, packet));
  if (hidden !== undefined && !hasSave)
    return { state: 'unclear', rule: `nftables: table ${hidden.family} ${hidden.table} has rules of iptables` };
  const bases = ruleset.chains
    .filter(({ hook, family }) => (hook === 'prerouting' || hook === 'input') && isFamilyOf(family, packet))
    .toSorted((a, b) => order(a) - order(b));
  for (const base of bases) {
    const doubts: string[] = [];
    const end = run(ruleset, base, packet, doubts, 0) ?? {
      verb: base.policy,
      rule: `policy ${base.policy}`,
      chain: base,
      expr: undefined,
    };
    if (end.verb === 'accept') continue;
    const rule = `nftables: table ${end.chain.family} ${end.chain.table}, chain ${end.chain.name}, ${end.rule}`;
    const doubt = clearest(doubts);
    return doubt === undefined
      ? { state: 'closed', rule, kind: kindOf(end) }
      : { state: 'unclear', rule: `nftables: ${doubt}` };
  }
  return { state: 'open', rule: 'nftables' };
}

function order({ hook, priority }: Chain): number {
  return (hook === 'prerouting' ? 0 : 1_000_000) + priority;
}

function isFamilyOf(family: string, { destination }: Packet): boolean {
  return family === 'inet' || family === (destination.includes(':') ? 'ip6' : 'ip');
}

function parse(text: string): Ruleset | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(document) || !Array.isArray(document['nftables'])) return undefined;
  const entries = document['nftables'].filter(isObject);
  const chains: Chain[] = entries.flatMap(({ chain }) => (isObject(chain) ? [chainOf(chain)] : []));
  const sets = new Map<string, readonly unknown[]>();
  for (const { set, rule } of entries) {
    if (isObject(set)) sets.set(`${word(set, 'family')} ${word(set, 'table')} ${word(set, 'name')}`, list(set['elem']));
    if (!isObject(rule)) continue;
    const home = chains.find(
      ({ family, table, name }) => family === rule['family'] && table === rule['table'] && name === rule['chain'],
    );
    home?.rules.push(list(rule['expr']));
  }
  // Rules of iptables-nft are judged by iptables-save, which knows its modules.
  const isForeign = ({ family, table }: Chain): boolean =>
    chains.some(
      (chain) =>
        chain.family === family &&
        chain.table === table &&
        chain.rules.some((rule) => rule.some((one) => isObject(one) && 'xt' in one)),
    );
  return { chains: chains.filter((chain) => !isForeign(chain)), left: chains.filter(isForeign), sets };
}

function chainOf(chain: Json): Chain {
  return {
    family: word(chain, 'family'),
    table: word(chain, 'table'),
    name: word(chain, 'name'),
    // Only chains of type filter decide; nat and route change packets.
    hook: chain['type'] === 'filter' ? word(chain, 'hook') : undefined,
    priority: Number(chain['prio'] ?? 0),
    policy: chain['policy'] === undefined ? 'accept' : word(chain, 'policy'),
    rules: [],
  };
}

interface End {
  readonly verb: string;
  readonly rule: string;
  readonly chain: Chain;
  /** The statement that decided: `{"reject": …}`. */
  readonly expr: Json | undefined;
}

const DEPTH_MAX = 16;

function run(ruleset: Ruleset, chain: Chain, packet: Packet, doubts: string[], depth: number): End | undefined {
  if (depth > DEPTH_MAX) return undefined;
  for (const rule of chain.rules) {
    const conditions: Match[] = [];
    for (const expr of rule.filter(isObject)) {
      conditions.push(isObject(expr['match']) ? matchOf(expr['match'], packet, ruleset.sets, chain) : limitOf(expr));
      const match = allOf(conditions);
      if (match === 'no') break;
      const statement = isObject(expr['vmap']) ? chosen(expr['vmap'], packet, ruleset, chain) : expr;
      if (statement === 'maybe' || (match === 'maybe' && statement !== undefined && verbOf(statement) !== '')) {
        if (statement === 'maybe' || mayAccept(ruleset, chain, statement, 0)) doubts.push(inWords(rule));
        break;
      }
      if (statement === undefined) continue;
      const verb = verbOf(statement);
      if (verb === 'return') return undefined;
      if (verb === 'accept' || verb === 'drop' || verb === 'reject')
        return { verb, rule: inWords(rule), chain, expr: statement };
      const next = targetOf(ruleset, chain, statement);
      if (next === undefined) continue;
      const end = run(ruleset, next, packet, doubts, depth + 1);
      if (end !== undefined) return end;
      if (verb === 'goto') return undefined;
    }
  }
  return undefined;
}

function targetOf({ chains }: Ruleset, { family, table }: Chain, statement: Json): Chain | undefined {
  const jump = statement['jump'] ?? statement['goto'];
  const name = isObject(jump) ? jump['target'] : undefined;
  return chains.find((chain) => chain.family === family && chain.table === table && chain.name === name);
}

function mayAccept(ruleset: Ruleset, chain: Chain, statement: Json, depth: number): boolean {
  if (verbOf(statement) === 'accept') return true;
  const next = depth > DEPTH_MAX ? undefined : targetOf(ruleset, chain, statement);
  return (
    next?.rules.some((rule) => rule.filter(isObject).some((one) => mayAccept(ruleset, next, one, depth + 1))) === true
  );
}

/** The statement that a verdict map gives for the packet; `undefined` if it has none. */
function chosen(vmap: Json, packet: Packet, ruleset: Ruleset, chain: Chain): Json | 'maybe' | undefined {
  const value = valueOf(vmap['key'], packet);
  if (value === undefined) return 'maybe';
  const { data } = vmap;
  const elements =
    typeof data === 'string' ? (ruleset.sets.get(setKey(chain, data)) ?? []) : isObject(data) ? list(data['set']) : [];
  for (const element of elements) {
    const [key, statement] = list(element);
    if (isOneOf(value, key, ruleset.sets, chain) === 'yes' && isObject(statement)) return statement;
  }
  return undefined;
}

function kindOf({ expr }: End): 'drop' | 'reject' | 'prohibit' {
  if (expr === undefined || !('reject' in expr)) return 'drop';
  const { reject } = expr;
  return isObject(reject) && /prohibited|host-unreach|net-unreach|no-route/.test(String(reject['expr']))
    ? 'prohibit'
    : 'reject';
}
