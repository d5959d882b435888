import type { Target } from '../../../core/host.ts';
import { failed, notApplicable, pass } from '../../../core/verdict.ts';
import { hostsWithProxy } from '../../../facts/network/proxy.ts';
import { globalAddresses } from '../../../facts/addresses.ts';
import { commandOn, knowing, lineOn, namesOf, type PreflightCheck } from '../subject.ts';

/** IPv6 works on no link with a smaller one (RFC 8200, 5). */
const MTU_MIN = 1280;

/** The network of the host itself. */
export const NETWORK: readonly PreflightCheck[] = [
  {
    id: 'network.addresses',
    title: 'the host has an address that others reach',
    severity: 'error',
    why: 'Clients and backends need an address beside the loopback. The line shows which of IPv4 and IPv6 the host has.',
    remedy: 'Bring the interface up and give it an address.',
    asks: ['addresses'],
    after: ['system.bash'],
    judge: knowing(
      (facts) => facts.addresses,
      (addresses, { host: { target } }) => {
        const { v4, v6 } = globalAddresses(addresses);
        return v4.length + v6.length === 0
          ? failed(
              'an IPv4 or IPv6 address beside those of the loopback and of a single link',
              [...addresses].join(', '),
              commandOn(target, 'ip', 'addr'),
            )
          : pass(`IPv4 ${v4.length === 0 ? 'none' : v4.join(', ')}; IPv6 ${v6.length === 0 ? 'none' : v6.join(', ')}`);
      },
    ),
  },
  {
    id: 'network.default-route',
    title: 'the host has a default route',
    severity: 'warning',
    why: 'Without a default route for a family of its addresses, the host answers no client of another network by that family.',
    remedy: 'Add the route, and write it into the configuration of the network.',
    asks: ['addresses', 'links'],
    after: ['network.addresses'],
    judge: (subject) =>
      knowing(
        (facts) => facts.links,
        ({ links, routes }, { host: { target } }) =>
          knowing(
            (facts) => facts.addresses,
            (addresses) => {
              const { v4 } = globalAddresses(addresses);
              const wanted = v4.length > 0 ? 4 : 6;
              const words = routes.map(
                ({ family, link, gateway }) =>
                  `IPv${String(family)} through ${gateway === '' ? link : `${gateway} (${link})`}`,
              );
              if (routes.some(({ family }) => family === wanted)) return pass(words.join('; '));
              const link = links.find(({ isUp }) => isUp)?.name ?? 'LINK';
              return failed(
                `a default route for IPv${String(wanted)}`,
                words.length === 0 ? 'none' : words.join('; '),
                `${commandOn(target, 'sudo', 'ip', `-${String(wanted)}`, 'route', 'add', 'default', 'via', 'ROUTER', 'dev', link)}  # then in netplan, NetworkManager or networkd`,
              );
            },
          )(subject),
      )(subject),
  },
  {
    id: 'network.mtu',
    title: 'packets have their full size',
    severity: 'warning',
    why: 'A link with a small MTU stops IPv6 and large packets: short requests work, and long answers hang. The line shows the MTU of each link.',
    remedy: 'Set the MTU of the link; usual values are 1500, and 1420 to 1450 in tunnels.',
    asks: ['links'],
    after: ['system.bash'],
    judge: knowing(
      (facts) => facts.links,
      ({ links, routes }, { host: { target } }) => {
        const ways = links.filter(({ name, isUp }) => isUp && routes.some(({ link }) => link === name));
        const used = ways.length > 0 ? ways : links.filter(({ isUp }) => isUp);
        const small = used.find(({ mtu }) => mtu < MTU_MIN);
        const list = used.map(({ name, mtu }) => `${name} ${String(mtu)}`).join(', ');
        return small === undefined
          ? pass(list === '' ? 'no link is up' : list)
          : failed(
              `an MTU of ${String(MTU_MIN)} or more`,
              list,
              `${commandOn(target, 'sudo', 'ip', 'link', 'set', small.name, 'mtu', '1500')}  # then in netplan, NetworkManager or networkd`,
            );
      },
    ),
  },
  {
    id: 'network.proxy',
    title: 'the unit gets no proxy for its backends',
    severity: 'warning',
    why: 'The gateway connects to its backends itself and uses no proxy. curl, ollama and Python in its unit or its environment file would go through the proxy, which cannot reach internal servers.',
    remedy: 'Exempt the backends in NO_PROXY, or let the unit unset the variables.',
    asks: ['proxies'],
    after: ['system.bash', 'privilege.sudo'],
    judge: (subject) =>
      subject.host.settings.serviceManager === 'process'
        ? notApplicable('litellm_service_manager is process: there is no unit')
        : judgeProxies(subject),
  },
];

const judgeProxies = knowing(
  (facts) => facts.proxies,
  (variables, { host: { settings, target } }) => {
    const proxies = variables.filter(({ name }) => name.toLowerCase() !== 'no_proxy');
    const inUnit = proxies.filter(({ reachesUnit }) => reachesUnit);
    const inWords = (list: typeof proxies): string =>
      [
        ...new Set(
          list.map(
            ({ name, value, source }) =>
              `${name}=${value} (${source === 'manager' ? 'systemctl show-environment' : source})`,
          ),
        ),
      ].join(', ');
    const through = hostsWithProxy(variables, namesOf(settings));
    if (inUnit.length > 0 && through.length > 0)
      return failed(
        `no proxy in the unit, or NO_PROXY with ${through.join(', ')}`,
        `${inWords(inUnit)}; the gateway ignores it, other programs of the unit do not`,
        unsetProxies(target, [...new Set(inUnit.map(({ name }) => name))]),
      );
    if (inUnit.length > 0) return pass(`${inWords(inUnit)}, with the backends in NO_PROXY`);
    return pass(proxies.length === 0 ? 'no proxy is set' : `${inWords(proxies)}, for logins alone`);
  },
);

function unsetProxies(target: Target, names: readonly string[]): string {
  const folder = '/etc/systemd/system/litellm.service.d';
  return lineOn(
    target,
    `sudo mkdir -p ${folder} && printf '[Service]\\nUnsetEnvironment=${names.join(' ')}\\n' | sudo tee ${folder}/no-proxy.conf && sudo systemctl daemon-reload`,
  );
}
