import { pathsOf } from '../../../config/config.ts';
import { DROP_INS_TITLE, judgeDropIns } from '../../../facts/drop-ins/verdict.ts';
import { longAddress } from '../../../facts/addresses.ts';
import { folderObjections } from '../../../facts/footprint/folder-objections.ts';
import { copiedPaths } from '../../../facts/foreign.ts';
import { makeWay, untakeable } from '../../../facts/untakeable.ts';
import { failed, notApplicable, pass, unknown } from '../../../core/verdict.ts';
import { ANYWHERE, commandOn, knowing, type PreflightCheck } from '../subject.ts';

/** The place of the gateway: its folders, its address and its port must be free or hxllm's. */
export const PLACE: readonly PreflightCheck[] = [
  {
    id: 'place.nothing-foreign',
    title: 'no foreign installation is in the way',
    severity: 'warning',
    why: 'Looks for files, units and processes without hxllm’s mark at its paths and its port. enforce replaces them with --take-over alone, and keeps a copy.',
    remedy: 'See the plan with hxllm enforce --take-over --dry-run, or set other folders and another port.',
    asks: ['foreign'],
    after: ['system.bash', 'privilege.sudo'],
    judge: knowing(
      (facts) => facts.foreign,
      (foreign, { host: { target } }) => {
        if (foreign.length === 0) return pass('nothing foreign was found');
        const list = foreign
          .map(({ path, looksLike }) => (path === '' ? looksLike : `${path}: ${looksLike}`))
          .join('; ');
        return failed(
          'nothing without hxllm’s mark',
          list,
          `hxllm enforce --limit ${target.name} --take-over --dry-run`,
        );
      },
    ),
  },
  {
    id: 'place.replaceable',
    title: 'nothing is in the way that enforce could not replace',
    severity: 'error',
    why: 'Looks for foreign things that hxllm could not put back: a container or a user’s unit on the port, a folder in the place of a file. enforce refuses these even with --take-over.',
    remedy: 'Stop or move what is named, or set another port or folder.',
    asks: ['foreign'],
    after: ['system.bash', 'privilege.sudo'],
    judge: knowing(
      (facts) => facts.foreign,
      (foreign, { host: { target, settings } }) => {
        const stays = settings.serviceManager === 'process' ? foreign : untakeable(foreign);
        const [first] = stays;
        if (first === undefined) return pass(foreign.length === 0 ? 'nothing' : 'only what --take-over replaces');
        const list = stays.map(({ path, looksLike }) => (path === '' ? looksLike : `${path}: ${looksLike}`)).join('; ');
        return failed('nothing that hxllm could not put back', list, makeWay(first, target.name, settings));
      },
    ),
  },
  {
    id: 'place.folders',
    title: 'the folders are free or hxllm’s',
    severity: 'error',
    why: 'Reads owner, mode and content of the folders of hxllm. A folder of somebody else’s is never filled, and the service has to be able to enter it.',
    remedy: 'Set another folder in group_vars, or correct the owner and mode that are named.',
    asks: ['footprint', 'foreign'],
    after: ['system.bash', 'privilege.sudo'],
    judge: knowing(
      (facts) => facts.footprint,
      (footprint, { host: { settings }, seen }) => {
        const foreign = seen.reached && seen.facts.foreign.known ? seen.facts.foreign.value : [];
        const paths = pathsOf(settings);
        const objection = folderObjections(paths, footprint, copiedPaths(foreign)).find(({ refused }) => refused);
        return objection === undefined
          ? pass(`${paths.configDir} and ${paths.installDir}`)
          : failed(objection.wanted, objection.seen, objection.fix);
      },
    ),
  },
  {
    id: 'place.drop-ins',
    title: DROP_INS_TITLE,
    severity: 'warning',
    why: 'Reads the drop-ins of litellm.service and litellm.socket. They stay yours, and one of them can stop the gateway from working.',
    remedy: 'Change or remove the setting that is named.',
    asks: ['dropIns'],
    after: ['system.bash', 'privilege.sudo'],
    judge: knowing(
      (facts) => facts.dropIns,
      (dropIns, { host: { target, settings } }) =>
        settings.serviceManager === 'process'
          ? notApplicable('systemd does not run the gateway here')
          : judgeDropIns(dropIns, target.name),
    ),
  },
  {
    id: 'place.above',
    title: 'the folders above are root’s',
    severity: 'warning',
    why: 'Reads the folders above those of the gateway. A user who can write there can replace the program that root starts.',
    remedy: 'Give the folders to root, without write access for others.',
    asks: ['footprint'],
    after: ['place.folders'],
    judge: knowing(
      (facts) => facts.footprint,
      (footprint, { host: { settings } }) => {
        const found = folderObjections(pathsOf(settings), footprint, []).filter(({ code }) => code === 'folder.above');
        const [first] = found;
        return first === undefined
          ? pass('every folder above them is root’s')
          : failed(first.wanted, [...new Set(found.map(({ seen }) => seen))].join('; '), first.fix);
      },
    ),
  },
  {
    id: 'place.address',
    title: 'the address to listen on is one of the host, or a floating one',
    severity: 'error',
    why: 'Compares litellm_listen with the addresses of the host. On an address that it does not have, the gateway answers nobody.',
    remedy: 'Set litellm_listen to an address of the host, or to 0.0.0.0.',
    asks: ['addresses', 'floating'],
    after: ['system.bash'],
    judge: knowing(
      (facts) => facts.addresses,
      (addresses, { host: { settings }, seen }) => {
        const { listen, port } = settings;
        if (ANYWHERE.has(listen) || listen === 'localhost' || listen.startsWith('127.'))
          return pass(`${listen}, which every host has`);
        if (addresses.has(longAddress(listen))) return pass(listen);
        // enforce waits for an answer on the address, which the host that has it now gives.
        const floating = seen.reached ? seen.facts.floating : undefined;
        if (floating?.known === true && floating.value)
          return pass(`${listen}, which another host has now and answers on port ${String(port)}`);
        return failed(
          `litellm_listen, ${listen}, to be an address of the host, or a floating one that answers on port ${String(port)}`,
          `it has ${[...addresses].join(', ')}`,
          'set litellm_listen to one of them, or to 0.0.0.0',
        );
      },
    ),
  },
  {
    id: 'place.family',
    title: 'the gateway listens on the address by which the host is reached',
    severity: 'error',
    why: 'Compares litellm_listen with the address by which this machine reaches the host. A gateway on IPv4 alone is out of reach for clients that come by IPv6.',
    remedy: 'Set litellm_listen to "::", which takes both.',
    asks: ['reached'],
    after: ['system.bash'],
    judge: knowing(
      (facts) => facts.reached,
      (address, { host: { settings, target } }) => {
        const by = address ?? (target.address.includes(':') ? target.address : undefined);
        if (by === undefined) return notApplicable('the host was not reached over SSH');
        const { listen } = settings;
        if (!by.includes(':') || by.startsWith('::ffff:') || listen.includes(':'))
          return pass(`${by}, with litellm_listen ${listen}`);
        // The operator has chosen an address that only the host itself reaches.
        if (listen.startsWith('127.') || listen === 'localhost') return notApplicable(`litellm_listen is ${listen}`);
        return failed(
          `an address that clients reach as this machine does, by ${by}`,
          `litellm_listen is ${listen}, which takes IPv4 alone`,
          'set litellm_listen to "::", which takes IPv6 and IPv4',
        );
      },
    ),
  },
  {
    id: 'place.port-free',
    title: 'the port is free or hxllm’s',
    severity: 'error',
    why: 'Looks for listeners on litellm_port in the kernel’s own table. Two programs cannot listen on one port.',
    remedy: 'Stop the program that holds it, or set another litellm_port.',
    asks: ['port', 'foreign'],
    after: ['system.bash'],
    judge: knowing(
      (facts) => facts.port,
      (listeners, subject) => {
        const { settings, target } = subject.host;
        const taken = listeners.filter((address) => overlaps(settings.listen, address));
        const port = `port ${String(settings.port)}`;
        if (taken.length === 0) return pass(`${port} is free`);
        const held = `${port} is held on ${taken.join(', ')}`;
        const foreign = subject.seen.reached ? subject.seen.facts.foreign : undefined;
        if (foreign?.known !== true)
          return unknown(
            `${held}, and only root can see the program`,
            commandOn(target, 'sudo', 'ss', '-Hltnp', `sport = :${String(settings.port)}`),
          );
        return foreign.value.some(({ kind }) => kind === 'process')
          ? notApplicable(`${held} by the program that place.nothing-foreign names`)
          : pass(`${held} by hxllm’s own gateway`);
      },
    ),
  },
];

/** Whether a listener on `address` prevents listening on `wanted`. */
function overlaps(wanted: string, address: string): boolean {
  const bare = (text: string): string => text.replace(/^\[(.*)\]$/, '$1');
  return ANYWHERE.has(wanted) || ANYWHERE.has(address) || bare(wanted) === bare(address);
}
