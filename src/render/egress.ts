import type { Settings } from '../config/config.ts';

/** The lines of the units that litellm_restrict_egress adds. */
export interface EgressLines {
  /** Lines of an instance's unit. */
  readonly instance: string;
  /** The part of the reload that comes before the signal; empty if there is no restriction. */
  readonly reload: string;
}

// Sets the addresses of a unit. The unit's own IPAddressDeny= holds for these commands too, so the resolvers come first. resolv.conf(5):
// without a server the resolver is on this host, and the zone of an address (fe80::1%eth0) is no part of a filter.
const ALLOW = [
  'allow() { unit=$1; shift; systemctl --no-ask-password set-property --runtime "$unit" IPAddressAllow= "IPAddressAllow=$*"; }',
  'resolvers=',
  'while read -r key value rest; do value=${value%%%*}; case $key:$value in nameserver:*[!0-9a-fA-F.:]*) ;; nameserver:?*) resolvers="$resolvers $value";; esac; done < /etc/resolv.conf',
  '[ -n "$resolvers" ] || resolvers=127.0.0.1',
].join('; ');

// getent(1) prints each address once for each kind of socket.
const FIND = [
  'found() { for name; do { timeout 10 getent ahosts "$name" || echo "no address of $name: the gateway cannot reach it before the next reload" >&2; } & done; wait; }',
  'addresses() { found "$@" | while read -r address rest; do echo "$address"; done | sort -u; }',
].join('; ');

const OPEN = '# Without litellm_restrict_egress the gateway may connect to every address.';

/** Lines that let an instance reach the addresses of its backends and resolvers alone, as the host resolves them when it starts. */
export function egressLines({ restrictEgress, backends }: Settings): EgressLines {
  if (restrictEgress !== true) return { instance: OPEN, reload: '' };
  const words = namesOfBackends({ backends }).join(' ');
  const start = `set -e; ${ALLOW}; ${FIND}; allow "$0" $resolvers; allow "$0" $resolvers $(addresses "$@")`;
  // The service of a reload may reach everything, so one step is enough.
  const reload = `${ALLOW}; ${FIND}; all=$(addresses ${words}); for each in /etc/systemd/system/litellm.service.wants/litellm@*.service; do allow "\${each##*/}" $resolvers $all || exit 1; done; `;
  return {
    instance: [
      '# litellm_restrict_egress: the addresses of the backends and of the resolvers of the host, and no others. They are looked up at each',
      '# start and at each reload. Connections of clients belong to litellm.socket.',
      'IPAddressDeny=any',
      `ExecStartPre=+/bin/sh -c '${escaped(start)}' litellm@%i.service ${words}`,
    ].join('\n'),
    reload: escaped(reload),
  };
}

/** A script between single quotes of a command line of systemd, which reads % and $ itself. */
function escaped(script: string): string {
  return script.replaceAll('%', '%%').replaceAll('$', '$$$$');
}

/** The names and addresses of all backends. */
export function namesOfBackends({ backends }: Pick<Settings, 'backends'>): readonly string[] {
  return [...new Set((backends ?? []).map(({ url }) => hostnameOf(url)))].toSorted();
}

function hostnameOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}
