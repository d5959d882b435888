import type { FleetSpec } from '../../../src/gateway/route/fleet-spec.ts';
import { runnerKey } from '../../../src/gateway/route/residency.ts';

/** A fleet in virtual time: room is the number of models that a server holds, and `stated` the one that the configuration says. */
export interface Setting {
  readonly servers: readonly {
    readonly room: number;
    readonly stated?: number | undefined;
    readonly slots: number;
    readonly loadMs: number;
  }[];
  readonly aliases: readonly {
    /** Indexes of servers. */
    readonly servers: readonly number[];
    readonly clients: number;
    readonly answerMs: number;
    /** Pause of a client between two requests. */
    readonly pauseMs: number;
    /** The model's name; without it, one of the alias's own. */
    readonly model?: string;
    /** Names with the same weights share a runner; without it, the name has weights of its own. */
    readonly weights?: string;
    readonly numCtx?: number;
  }[];
}

/** The alias of a deployment, whose id is `m<alias>@<server>`. */
export function aliasOfDeployment(id: string): number {
  return Number.parseInt(id.slice(1), 10);
}

/** The configuration of a setting. */
export function specOf({ servers, aliases }: Setting): FleetSpec {
  return {
    backends: servers.map(({ slots, stated }, index) => ({
      url: `s${String(index)}`,
      managed: true,
      slots,
      room: stated,
    })),
    deployments: aliases.flatMap((alias, index) =>
      alias.servers.map((server) => ({
        id: `m${String(index)}@s${String(server)}`,
        backend: `s${String(server)}`,
        weight: 1,
        model: alias.model ?? `m${String(index)}`,
        runnerKey: runnerKey(alias.numCtx === undefined ? {} : { num_ctx: alias.numCtx }),
        single: false,
      })),
    ),
  };
}
