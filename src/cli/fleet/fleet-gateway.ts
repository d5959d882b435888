import type { Secret } from '../../core/secret.ts';
import type { Transport } from '../../remote/transport.ts';
import type { FileOptions } from '../vault/request.ts';

/** The options that choose a gateway. */
export interface GatewayOptions extends FileOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly throughSsh?: boolean;
  readonly transport?: Transport;
  /** The command without options, for its Problems; `hxllm fleet` without it. */
  readonly words?: readonly string[];
}

/** The words of the command, if no others are given. */
export const FLEET: readonly string[] = ['hxllm', 'fleet'];

/** A gateway to ask. */
export interface FleetGateway {
  /** Its host, or its URL. */
  readonly name: string;
  readonly url: string;
  readonly key: Secret | undefined;
  /** The command line as typed, if the gateway is the inventory's. */
  readonly command: string | undefined;
}
