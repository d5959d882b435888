import type { Question } from '../question.ts';
import { judgeIptables } from './iptables.ts';
import { judgeNftables } from './nftables.ts';
import type { Packet, RuleVerdict } from './packet.ts';

/** The program that keeps the rules: the place for a new one. */
export type FirewallKeeper = 'ufw' | 'firewalld' | 'nftables' | 'iptables';

/** The firewall of a host, judged for one port and the way from this machine. */
export interface Firewall {
  /** `undefined`: no program shows the rules, and the kernel may have some. */
  readonly rules: RuleVerdict | undefined;
  readonly keeper: FirewallKeeper | undefined;
  /** Zone of firewalld for the link; empty without firewalld. */
  readonly zone: string;
  /** The state of ufw or firewalld in its own words, on one line; empty without them. */
  readonly said: string;
}

// All parts that a host has, each between `#NAME` and `#end CODE`. ss and ip come with systemd hosts; without them the link is not known.
const SCRIPT = `part() { printf '\\n#%s\\n' "$1"; shift; "$@" 2>/dev/null </dev/null | head -c 4000000; printf '\\n#end %s\\n' "\${PIPESTATUS[0]}"; }
has() { command -v "$1" >/dev/null; }
part addresses ip -o addr show
has nft && part nft nft -j list ruleset
for program in iptables ip6tables iptables-legacy ip6tables-legacy; do has $program-save && part $program $program-save; done
has ufw && part ufw ufw status verbose
if has firewall-cmd; then
  part firewalld firewall-cmd --state
  part zones firewall-cmd --get-active-zones
  part zone firewall-cmd --get-default-zone
fi
exit 0`;

/** The output of each program that shows rules, by its name. */
export type FirewallParts = Readonly<Record<string, string>>;

/** Asks for the rules of all firewalls that the host has, as root. */
export const firewallQuestion: Question<FirewallParts> = {
  script: SCRIPT,
  as: 'root',
  timeoutS: 15,
  parse: ({ stdout }) => parseFirewall(stdout),
};

/** The ends of a connection: addresses of this machine and of the host. An empty one is not known. */
export interface ConnectionEnds {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

/** Lets the first packet of a connection from this machine run through the rules. */
export function judgeRules(parts: FirewallParts, { source, destination, port }: ConnectionEnds): Firewall {
  const addresses = (parts['addresses'] ?? '').matchAll(/^\d+: (\S+)\s+inet6? ([^/\s]+)/gm);
  const link = [...addresses].find(([, , address]) => address === destination)?.[1] ?? '';
  const packet: Packet = { source, destination, link: link.replace(/@.*/, ''), port };
  const ufw = parts['ufw'] ?? '';
  const isUfw = /^Status: active/m.test(ufw);
  const isFirewalld = (parts['firewalld'] ?? '').trim() === 'running';
  const zone = isFirewalld ? zoneOf(parts, packet.link) : '';
  const rules = worst(verdictsOf(parts, packet));
  return {
    rules,
    keeper: isUfw ? 'ufw' : isFirewalld ? 'firewalld' : rules === undefined ? undefined : keeperOf(rules),
    zone,
    said: isUfw ? ufwInWords(ufw, port) : isFirewalld ? `firewalld, zone ${zone}` : '',
  };
}

/** The rule that lets the port in from other addresses than the source, to which it is closed; `undefined` if no rule names the port so. */
export function ruleForOtherSources(parts: FirewallParts, ends: ConnectionEnds): string | undefined {
  if (ends.source === '' || judgeRules(parts, ends).rules?.state !== 'closed') return undefined;
  const { rules } = judgeRules(parts, { ...ends, source: '' });
  return rules?.state === 'unclear' && / (?:--)?d?ports? /.test(rules.rule) ? rules.rule : undefined;
}

/** Reads the parts. A program that failed shows no rules: ip6tables without its kernel module, nft without the right. */
export function parseFirewall(text: string): FirewallParts {
  const found = text.matchAll(/^#(\w[\w-]*)\n([\s\S]*?)\n#end (\d+)$/gm);
  return Object.fromEntries(
    [...found].filter(([, , , code]) => code === '0').map(([, name = '', body = '']) => [name, body]),
  );
}

function verdictsOf(parts: FirewallParts, packet: Packet): readonly RuleVerdict[] {
  const isV6 = packet.destination.includes(':');
  const nft = parts['nft'];
  const programs = isV6 ? ['ip6tables', 'ip6tables-legacy'] : ['iptables', 'iptables-legacy'];
  return [
    ...(nft === undefined
      ? []
      : [
          judgeNftables(
            nft,
            packet,
            programs.some((program) => parts[program] !== undefined),
          ),
        ]),
    ...programs.map((program) => {
      const saved = parts[program];
      return saved === undefined ? undefined : judgeIptables(saved, packet, program);
    }),
  ].filter((verdict) => verdict !== undefined);
}

/** A packet must pass all of them. */
function worst(verdicts: readonly RuleVerdict[]): RuleVerdict | undefined {
  return (
    verdicts.find(({ state }) => state === 'closed') ?? verdicts.find(({ state }) => state === 'unclear') ?? verdicts[0]
  );
}

function keeperOf({ rule }: RuleVerdict): FirewallKeeper | undefined {
  return rule.startsWith('nftables') ? 'nftables' : /^ip6?tables/.test(rule) ? 'iptables' : undefined;
}

// `public` on one line, `  interfaces: eth0` on the next; a zone of a newer version has ` (default)` behind it.
function zoneOf(parts: FirewallParts, link: string): string {
  let zone = '';
  for (const line of (parts['zones'] ?? '').split('\n')) {
    if (/^\S/.test(line)) zone = line.replace(/ \(.*/, '').trim();
    else if (
      line
        .replace(/^\s*interfaces:/, '')
        .split(/\s+/)
        .includes(link)
    )
      return zone;
  }
  return (parts['zone'] ?? '').trim();
}

/** The default of ufw and its first rule for the port, as `ufw status verbose` shows them. */
function ufwInWords(text: string, port: number): string {
  const standard = /^Default: (\w+) \(incoming\)/m.exec(text)?.[1] ?? '';
  const rule = text
    .split('\n')
    .find((line) => line.startsWith(`${String(port)} `) || line.startsWith(`${String(port)}/tcp `));
  return `ufw: default ${standard} (incoming), ${rule === undefined ? `no rule for ${String(port)}/tcp` : rule.trim().replaceAll(/\s+/g, ' ')}`;
}
