import type { PortTrial, Target } from '../../../core/host.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { longAddress } from '../../../facts/addresses.ts';
import {
  judgeRules,
  ruleForOtherSources,
  type ConnectionEnds,
  type Firewall,
} from '../../../facts/network/firewall.ts';
import { valueOf } from '../../../facts/question.ts';
import { ANYWHERE, commandOn, hasWayIn, lineOn, type PreflightCheck, type PreflightSubject } from '../subject.ts';

/** The way from clients to the gateway’s port, by the rules of the host and by a connection from this machine. */
export const NETWORK_WAY_IN: readonly PreflightCheck[] = [
  {
    id: 'network.firewall',
    title: 'no firewall of the host keeps the gateway’s port out',
    severity: 'error',
    why: 'Rules of nftables, ufw, firewalld or iptables may let SSH in and nothing else. The rules are read on the host, and this machine tries the port: a refused connection shows that the way is open.',
    remedy: 'Let the port in, with the program that keeps the rules.',
    asks: ['firewall', 'reached', 'client'],
    after: ['system.bash', 'privilege.sudo'],
    judge: (subject) => {
      const why = noWayIn(subject);
      return why === undefined ? judgeFirewall(subject) : notApplicable(why);
    },
  },
  {
    id: 'network.port-reached',
    title: 'this machine reaches the gateway’s port',
    severity: 'warning',
    why: 'A firewall between this machine and the host may let SSH through and nothing else. Clients in the network of the host may still get in.',
    remedy: 'Let the port through on the firewall between them.',
    asks: ['firewall', 'reached', 'client'],
    after: ['network.firewall'],
    judge: (subject) => {
      const why = noWayIn(subject);
      if (why !== undefined) return notApplicable(why);
      const trial = trialOf(subject);
      if (trial.state === 'indirect') return notApplicable(trial.why);
      const port = String(subject.host.settings.port);
      const others = ruleForOthers(subject);
      return trial.state === 'open' || trial.state === 'refused'
        ? pass(triedInWords(trial))
        : failed(
            `an answer from port ${port}, as from SSH`,
            `${triedInWords(trial)}, and the rules of the host let ${others === undefined ? 'it' : 'others'} in`,
            `nc -vz ${trial.address} ${port}  # after TCP port ${port} to ${trial.address} is let through on the firewall between`,
          );
    },
  },
];

function noWayIn({ host: { settings } }: PreflightSubject): string | undefined {
  if (settings.serviceManager === 'process') return 'litellm_service_manager is process: the gateway is of one user';
  return hasWayIn(settings) ? undefined : `litellm_listen is ${settings.listen}`;
}

/** The trial, if it went to the address on which the gateway listens. */
function trialOf({ host: { settings }, seen }: PreflightSubject): PortTrial {
  const trial = seen.reached ? seen.trial : undefined;
  if (trial === undefined) return { state: 'indirect', why: 'it was not tried' };
  if (trial.state === 'indirect') return trial;
  const reached = seen.reached ? valueOf(seen.facts.reached)?.replace('::ffff:', '') : undefined;
  if (reached === undefined || longAddress(reached) !== longAddress(trial.address))
    return { state: 'indirect', why: `${trial.address} leads to the host’s address ${reached ?? ''} by translation` };
  const { listen } = settings;
  if (!ANYWHERE.has(listen) && longAddress(listen) !== longAddress(reached))
    return { state: 'indirect', why: `litellm_listen is ${listen}, and SSH goes to ${reached}` };
  return trial;
}

function triedInWords(trial: PortTrial): string {
  if (trial.state === 'indirect') return trial.why;
  const { state, address, detail } = trial;
  const end = {
    open: 'accepts connections',
    refused: 'answers: nothing listens yet',
    silent: detail,
    prohibited: `a firewall or router refuses (${detail})`,
  };
  return `${address}: ${end[state]}`;
}

function endsOf({ host: { settings }, seen }: PreflightSubject): ConnectionEnds {
  const [source = '', destination = ''] = seen.reached
    ? [seen.facts.client, seen.facts.reached].map((fact) => valueOf(fact)?.replace('::ffff:', '') ?? '')
    : [];
  return { source, destination, port: settings.port };
}

// A firewall may let clients in by their networks, and this machine by SSH alone.
function ruleForOthers(subject: PreflightSubject): string | undefined {
  const parts = subject.seen.reached ? valueOf(subject.seen.facts.firewall) : undefined;
  return parts === undefined ? undefined : ruleForOtherSources(parts, endsOf(subject));
}

/**
 * A connection that comes through counts more than the rules, which may depend on things that are not known here; except where a rule
 * rejects as a port without listener does.
 */
function judgeFirewall(subject: PreflightSubject): Verdict {
  const { host, seen } = subject;
  const port = String(host.settings.port);
  const trial = trialOf(subject);
  const parts = seen.reached ? seen.facts.firewall : undefined;
  const firewall = parts?.known === true ? judgeRules(parts.value, endsOf(subject)) : undefined;
  const rules = firewall?.rules;
  const tried = trial.state === 'indirect' ? '' : triedInWords(trial);
  const fail = (found: string): Verdict =>
    failed(
      `TCP port ${port} open, as port 22 is`,
      [found, firewall?.said ?? '', tried].filter((text) => text !== '').join('; '),
      letIn(firewall, host.target, port),
    );
  if (trial.state === 'open') return pass(tried);
  if (trial.state === 'refused' && (rules?.state !== 'closed' || rules.kind !== 'reject')) return pass(tried);
  const others = ruleForOthers(subject);
  if (others !== undefined) return pass(`closed to this machine, and open to others by ${others}`);
  if (rules?.state === 'closed') return fail(rules.rule);
  if (rules?.state === 'open') return pass('its rules let the port in');
  if (trial.state !== 'indirect') return fail(rules?.rule ?? 'SSH comes through and this port does not');
  if (parts?.known === false) return unknown(parts.why);
  return notApplicable(
    `${rules === undefined ? 'nothing on the host shows its rules' : `a rule depends on more than the port (${rules.rule})`}, and this machine cannot try: ${trial.why}`,
  );
}

function letIn(firewall: Firewall | undefined, target: Target, port: string): string {
  const keeper = firewall?.keeper;
  if (firewall === undefined || keeper === undefined)
    return `${commandOn(target, 'sudo', 'nft', 'insert', 'rule', 'inet', 'filter', 'input', 'tcp', 'dport', port, 'accept')}  # or let TCP port ${port} in where the rules are kept: on the host, or in the network of its machine`;
  const fixes: Readonly<Record<typeof keeper, string>> = {
    ufw: commandOn(target, 'sudo', 'ufw', 'allow', `${port}/tcp`),
    firewalld: lineOn(
      target,
      `sudo firewall-cmd --permanent --zone=${firewall.zone} --add-port=${port}/tcp && sudo firewall-cmd --reload`,
    ),
    iptables: `${commandOn(target, 'sudo', firewall.rules?.rule.startsWith('ip6') === true ? 'ip6tables' : 'iptables', '-I', 'INPUT', '-p', 'tcp', '--dport', port, '-j', 'ACCEPT')}  # keep it with netfilter-persistent save`,
    nftables: `${lineOn(target, `sudo nft insert rule ${chainIn(firewall)} tcp dport ${port} accept`)}  # and write it into /etc/nftables.conf`,
  };
  return fixes[keeper];
}

function chainIn({ rules }: Firewall): string {
  const [, family = 'inet', table = 'filter', chain = 'input'] =
    /table (\S+) (\S+), chain (\S+),/.exec(rules?.rule ?? '') ?? [];
  return `${family} ${table} ${chain}`;
}
