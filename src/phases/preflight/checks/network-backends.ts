import type { Backend } from '../../../config/config.ts';
import type { Target } from '../../../core/host.ts';
import { shellLine } from '../../../core/shell.ts';
import { failed, notApplicable, pass, type Verdict } from '../../../core/verdict.ts';
import { hostnameOf } from '../../../facts/name.ts';
import type { Reach } from '../../../facts/network/reach.ts';
import { commandOn, knowing, lineOn, portOf, type PreflightCheck } from '../subject.ts';

/** A connection to a backend in the same building takes less. */
const LATENCY_MAX_MS = 100;

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
