import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { judgeRules, parseFirewall, ruleForOtherSources, type Firewall } from '../../../src/facts/network/firewall.ts';

// Recorded on Debian 12 with ufw 0.36.2, firewalld 1.3.3, nftables 1.0.6 and iptables 1.8.9, each with SSH let in. Of ufw the part `nft` is left out.
const judge = (name: string, port = 4000, source = '10.77.0.1', destination = '10.77.0.11'): Firewall =>
  judgeRules(parseFirewall(readFileSync(new URL(`samples/${name}.txt`, import.meta.url), 'utf8')), {
    source,
    destination,
    port,
  });

const V6 = ['fd00::1', 'fd00::11'] as const;

/** Sample, state and way of answering of port 4000 over IPv4 and over IPv6, and who keeps the rules. */
const SAMPLES: readonly (readonly [string, string, string, string | undefined])[] = [
  ['ufw-default', 'closed drop', 'closed drop', 'ufw'],
  ['ufw-allow', 'open', 'open', 'ufw'],
  ['ufw-reject', 'closed reject', 'closed reject', 'ufw'],
  ['firewalld', 'closed prohibit', 'closed prohibit', 'firewalld'],
  ['firewalld-open', 'open', 'open', 'firewalld'],
  ['nft-drop', 'closed drop', 'closed drop', 'nftables'],
  ['nft-allow', 'open', 'closed drop', 'nftables'],
  ['nft-reject', 'closed reject', 'closed reject', 'nftables'],
  ['iptables', 'closed prohibit', 'open', 'iptables'],
  ['legacy', 'closed drop', 'open', 'iptables'],
];

for (const [name, v4, v6, keeper] of SAMPLES)
  test(`the rules of ${name} let SSH in, and port 4000 as they say`, () => {
    const inWords = ({ rules }: Firewall): string =>
      [rules?.state ?? 'unknown', ...(rules?.kind === undefined ? [] : [rules.kind])].join(' ');
    assert.deepEqual([inWords(judge(name)), inWords(judge(name, 4000, ...V6))], [v4, v6]);
    assert.equal(judge(name).keeper, keeper);
    for (const each of [judge(name, 22), judge(name, 22, ...V6)]) assert.equal(inWords(each), 'open');
  });

test('the rule that decides is named, and the state of ufw and firewalld', () => {
  assert.equal(judge('ufw-default').said, 'ufw: default deny (incoming), no rule for 4000/tcp');
  assert.equal(judge('ufw-reject').said, 'ufw: default deny (incoming), 4000/tcp REJECT IN Anywhere');
  assert.equal(judge('firewalld').zone, 'public');
  assert.equal(judge('nft-reject').rules?.rule, 'nftables: table inet filter, chain input, tcp dport 4000 reject');
  assert.match(
    judge('iptables').rules?.rule ?? '',
    /^iptables: -A INPUT -j REJECT --reject-with icmp-host-prohibited$/,
  );
});

test('sets, networks, ranges and links of a rule are compared with the way of this machine', () => {
  assert.equal(judge('nft-drop', 8100).rules?.state, 'open');
  assert.equal(judge('nft-drop', 9000).rules?.state, 'closed');
  assert.equal(judge('nft-drop', 4000, '10.99.3.4').rules?.state, 'open');
  assert.equal(judge('nft-allow', 4000, '192.168.1.1').rules?.state, 'closed');
  // Where this machine’s address is not known, a rule that asks for it may let the port in.
  assert.equal(judge('nft-allow', 4000, '').rules?.state, 'unclear');
  assert.equal(judge('legacy', 5500).rules?.state, 'closed');
});

const SAVED = (rules: string): string =>
  `#iptables\n*filter\n:INPUT DROP [0:0]\n:extra - [0:0]\n${rules}\nCOMMIT\n\n#end 0\n`;

test('rules of iptables: negation, chains, comments, limits and modules that are not known', () => {
  const state = (rules: string): string | undefined =>
    judgeRules(parseFirewall(SAVED(rules)), { source: '10.77.0.1', destination: '10.77.0.11', port: 4000 }).rules
      ?.state;
  assert.equal(state('-A INPUT ! -s 10.77.0.0/16 -j ACCEPT'), 'closed');
  assert.equal(state('-A INPUT ! -i lo -p tcp -m tcp --dport 4000 -j ACCEPT'), 'open');
  assert.equal(state('-A INPUT -j extra\n-A extra -p tcp -m tcp --dport 3999:4001 -j ACCEPT'), 'open');
  assert.equal(state('-A INPUT -j extra\n-A extra -j RETURN\n-A INPUT -p tcp -j ACCEPT'), 'open');
  assert.equal(state('-A INPUT -p tcp -m comment --comment "not -j DROP" -m tcp --dport 4000 -j ACCEPT'), 'open');
  assert.equal(state('-A INPUT -p udp -m udp --dport 4000 -j ACCEPT'), 'closed');
  assert.equal(state('-A INPUT -m set --match-set office src -j ACCEPT'), 'unclear');
  assert.equal(state('-A INPUT -s 10.77.0.0/255.255.0.0 -p tcp -j ACCEPT'), 'open');
  assert.equal(state('-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT'), 'closed');
  const port = '-A INPUT -p tcp -m tcp --dport 4000';
  assert.equal(state(`${port} --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT`), 'open');
  assert.equal(state(`${port} -m limit --limit 25/min --limit-burst 100 -j ACCEPT`), 'open');
  assert.equal(state(`${port} -m connlimit --connlimit-above 20 -j DROP\n${port} -j ACCEPT`), 'open');
  const none = '-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP';
  const notNew = '-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m state --state NEW -j DROP';
  assert.equal(state(`${none}\n${notNew}\n${port} -j ACCEPT`), 'open');
});

test('without a program that shows them, the rules are not known', () => {
  const way = { source: '', destination: '', port: 4000 };
  assert.equal(judgeRules(parseFirewall(''), way).rules, undefined);
  assert.equal(judgeRules(parseFirewall('#nft\n\n#end 1\n'), way).rules, undefined);
});

test('rules of iptables that nft cannot show in full are not taken for an open port', () => {
  const table = { family: 'ip', table: 'filter' };
  const chain = { ...table, name: 'INPUT', type: 'filter', hook: 'input', prio: 0, policy: 'accept' };
  const rule = { ...table, chain: 'INPUT', expr: [{ xt: { type: 'match', name: 'recent' } }, { drop: null }] };
  const parts = parseFirewall(`#nft\n${JSON.stringify({ nftables: [{ chain }, { rule }] })}\n\n#end 0\n`);
  assert.equal(judgeRules(parts, { source: '10.0.0.1', destination: '10.0.0.2', port: 4000 }).rules?.state, 'unclear');
  assert.equal(judgeRules(parts, { source: 'fd00::1', destination: 'fd00::2', port: 4000 }).rules?.state, 'open');
});

// Recorded with nftables 1.0.6: `nft -j list ruleset`.
test('limits, flags of TCP and quotas of nftables stop no first packet', () => {
  const text = readFileSync(new URL('samples/nft-limits.json', import.meta.url), 'utf8').trim();
  const parts = parseFirewall(`#nft\n${text}\n\n#end 0\n`);
  const state = (port: number, source: string): string | undefined =>
    judgeRules(parts, { source, destination: '10.77.0.11', port }).rules?.state;
  assert.deepEqual(
    [4000, 4001, 4002, 4003, 4004].map((port) => state(port, '10.77.0.1')),
    ['open', 'open', 'open', 'open', 'closed'],
  );
  assert.equal(state(4000, '203.0.113.1'), 'closed');
});

test('a port that is closed to this machine may be open to the clients’ networks', () => {
  const rule = (text: string): string | undefined =>
    ruleForOtherSources(parseFirewall(SAVED(text)), { source: '10.9.0.1', destination: '10.77.0.11', port: 4000 });
  const monitoring = '-A INPUT -s 10.30.0.0/16 -j ACCEPT';
  const clients = '-A INPUT -s 10.20.0.0/16 -p tcp -m tcp --dport 4000 -j ACCEPT';
  assert.match(rule(`${monitoring}\n${clients}`) ?? '', /-s 10\.20\.0\.0\/16/);
  assert.equal(rule(monitoring), undefined);
  assert.equal(rule(clients.replace('4000', '4001')), undefined);
  assert.equal(rule(clients.replace('10.20', '10.9')), undefined);
});
