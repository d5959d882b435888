import type { Backend } from '../../../config/config.ts';
import type { PortTrial, Target } from '../../../core/host.ts';
import { shellLine } from '../../../core/shell.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import { longAddress } from '../../../facts/addresses.ts';
import { judgeRules, type Firewall } from '../../../facts/network/firewall.ts';
import type { Reach } from '../../../facts/network/reach.ts';
import { hostnameOf } from '../../../facts/name.ts';
import { valueOf } from '../../../facts/question.ts';
import {
  ANYWHERE,
  commandOn,
  hasWayIn,
  knowing,
  lineOn,
  portOf,
  type PreflightCheck,
  type PreflightSubject,
} from '../subject.ts';

/** A connection to a backend in the same building takes less. */
const LATENCY_MAX_MS = 100;

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
    asks: ['firewall', 'reached'],
    after: ['network.firewall'],
    judge: (subject) => {
      const why = noWayIn(subject);
      if (why !== undefined) return notApplicable(why);
      const trial = trialOf(subject);
      if (trial.state === 'indirect') return notApplicable(trial.why);
      const port = String(subject.host.settings.port);
      return trial.state === 'open' || trial.state === 'refused'
        ? pass(triedInWords(trial))
        : failed(
            `an answer from port ${port}, as from SSH`,
            `${triedInWords(trial)}, and the rules of the host let it in`,
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

/**
 * A connection that comes through counts more than the rules, which may depend on things that are not known here; except where a rule
 * rejects as a port without listener does.
 */
function judgeFirewall(subject: PreflightSubject): Verdict {
  const { host, seen } = subject;
  const { port: number } = host.settings;
  const port = String(number);
  const trial = trialOf(subject);
  const parts = seen.reached ? seen.facts.firewall : undefined;
  const [source = '', destination = ''] = seen.reached
    ? [seen.facts.client, seen.facts.reached].map((fact) => valueOf(fact)?.replace('::ffff:', '') ?? '')
    : [];
  const firewall = parts?.known === true ? judgeRules(parts.value, { source, destination, port: number }) : undefined;
  const rules = firewall?.rules;
  const tried = trial.state === 'indirect' ? '' : triedInWords(trial);
  const fail = (found: string): Verdict =>
    failed(
      `TCP port ${port} open, as port 22 is`,
      [found, firewall?.said ?? '', tried].filter((text) => text !== '').join('; '),
      letIn(firewall, host.target, port),
    );
  if (trial.state === 'open') return pass(tried);
  if (trial.state === 'refused')
    return rules?.state === 'closed' && rules.kind === 'reject' ? fail(rules.rule) : pass(tried);
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

/** Two checks for each backend: a connection from the host, and how long it takes. */
export function networkBackendChecks(backends: readonly Backend[] | undefined): readonly PreflightCheck[] {
  if (backends === undefined || backends.length === 0) {
    const judge = (): Verdict => notApplicable('litellm_backends is not defined yet: run hxllm inventory');
    return [reachedCheck(undefined, 'the backends', [], judge), latencyCheck(undefined, 'the backends', judge)];
  }
  return backends.flatMap(({ url }) => [
    reachedCheck(url, url, [`dns.backend-resolves[${hostnameOf(url)}]`], judgeReached(url)),
    latencyCheck(url, url, judgeNear(url)),
  ]);
}

type Judge = PreflightCheck['judge'];

function judgeReached(url: string): Judge {
  return knowing(
    (facts) => facts[`reach ${url}`],
    (reach, { host: { target } }) => {
      if (reach.some(({ connected }) => connected)) return pass(reach.map(reachInWords).join(', '));
      const [first] = reach;
      return failed(
        `a TCP connection from ${target.name} to port ${portOf(url)} of ${hostnameOf(url)}`,
        first === undefined ? 'the name has no address' : reach.map(reachInWords).join(', '),
        first === undefined || !/refused/.test(first.why)
          ? `${commandOn(target, 'ip', 'route', 'get', first?.address ?? hostnameOf(url))}  # then the firewall of ${hostnameOf(url)}: TCP port ${portOf(url)} from ${target.name}`
          : `${inquiryAt(hostnameOf(url), target)}  # stopped, or OLLAMA_HOST lets it listen on its own loopback alone`,
      );
    },
  );
}

function inquiryAt(name: string, target: Target): string {
  const line = 'systemctl status ollama; systemctl cat ollama | grep OLLAMA_HOST';
  return /^(?:localhost|127\.|::1$)/.test(name) ? lineOn(target, line) : shellLine(['ssh', name, line]);
}

function judgeNear(url: string): Judge {
  return knowing(
    (facts) => facts[`reach ${url}`],
    (reach, { host: { target } }) => {
      const dead = reach.find(({ connected }) => !connected);
      if (dead !== undefined)
        return failed(
          `a connection to every address of ${hostnameOf(url)}`,
          reach.map(reachInWords).join(', '),
          `${commandOn(target, 'ip', 'route', 'get', dead.address)}  # or take ${dead.address} from the records of ${hostnameOf(url)}`,
        );
      const slow = reach.find(({ latencyMs }) => (latencyMs ?? 0) > LATENCY_MAX_MS);
      return slow === undefined
        ? pass(reach.map(reachInWords).join(', '))
        : failed(
            `less than ${String(LATENCY_MAX_MS)} ms`,
            reachInWords(slow),
            `${commandOn(target, 'ip', 'route', 'get', slow.address)}  # the way; a server in the same network answers within a millisecond`,
          );
    },
  );
}

function reachInWords({ address, connected, latencyMs, why }: Reach): string {
  if (!connected) return `${address}: ${why}`;
  return latencyMs === undefined
    ? `${address} connects`
    : `${address} in ${latencyMs.toFixed(latencyMs < 10 ? 1 : 0)} ms`;
}

function reachedCheck(key: string | undefined, what: string, after: readonly string[], judge: Judge): PreflightCheck {
  return {
    id: key === undefined ? 'network.backend-reached' : `network.backend-reached[${key}]`,
    title: `the host reaches ${what}`,
    severity: 'error',
    why: 'The gateway opens TCP connections to the port of each backend. The host tries every address of it, and the line shows the time in milliseconds.',
    remedy: 'Start Ollama, let it listen on its network (OLLAMA_HOST), and let the port through the firewalls between.',
    asks: key === undefined ? [] : [`reach ${key}` as const],
    after: ['system.bash', ...after],
    judge,
  };
}

function latencyCheck(key: string | undefined, what: string, judge: Judge): PreflightCheck {
  return {
    id: key === undefined ? 'network.backend-latency' : `network.backend-latency[${key}]`,
    title: `every address of ${what} connects quickly`,
    severity: 'warning',
    why: 'A name with an address that does not answer delays connections at random. Each request waits for the way to its backend.',
    remedy: 'Take the dead address from the records, or choose a backend that is nearer.',
    asks: key === undefined ? [] : [`reach ${key}` as const],
    after: [key === undefined ? 'network.backend-reached' : `network.backend-reached[${key}]`],
    judge,
  };
}
