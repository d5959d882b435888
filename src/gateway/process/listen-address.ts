import type { Problem } from '../../core/problem.ts';
import type { GatewayConfig, ListenAddress } from '../../schema/gateway-config.ts';
import { exposureOf, isLoopback } from '../../schema/listen.ts';
import { problemOf } from './config-file.ts';
import type { Flags } from './flags.ts';

const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 4000 };

/** The address to listen on: that of the command line, else that of the configuration. */
export function addressOf({ host, port }: Flags, { listen: configured }: GatewayConfig): ListenAddress {
  const { host: usualHost, port: usualPort } = configured ?? DEFAULT_LISTEN;
  return { host: host ?? usualHost, port: port ?? usualPort };
}

/** The Problem with an address that others reach, if the configuration has no key. */
export function exposure(config: GatewayConfig, { host }: ListenAddress, file: string): Problem | undefined {
  const issue = exposureOf(config, host);
  return issue === undefined ? undefined : problemOf(issue, { file });
}

/** The warning of a gateway without a key. */
export function openWarning(addresses: readonly ListenAddress[]): string {
  const who = addresses.every(({ host }) => isLoopback(host))
    ? 'every user of this machine'
    : 'every client that reaches it';
  return `warning: no master key: ${who} may use this gateway; set general_settings.master_key to os.environ/LITELLM_MASTER_KEY to change that\n`;
}
