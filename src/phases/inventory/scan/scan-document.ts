import type { Problem } from '../../../core/problem.ts';
import { vramOf, type Gpus } from '../../../facts/ollama-server/gpus.ts';
import type { ModelRow } from './rows.ts';
import type { Inspection, Scan, StatedSettings } from './scan.ts';

/** The scan as `--json` and the evidence have it. Fields without a value are left out. */
export interface ScanDocument {
  /** Whether the inventory has the group `[ollama]`. */
  readonly overSsh: boolean;
  readonly servers: readonly ServerDocument[];
  readonly models: readonly ModelDocument[];
  /** Hosts of `[ollama]` that no backend names. */
  readonly otherHosts: readonly string[];
}

/** A backend. */
export interface ServerDocument {
  readonly url: string;
  readonly answers: boolean;
  readonly version?: string;
  readonly problem?: Problem;
  readonly host?: string;
  readonly source?: Inspection['source'];
  readonly container?: string;
  readonly settings?: StatedSettings;
  readonly gpus?: readonly GpuDocument[];
  readonly vramMiB?: number;
  /** Remarks on the settings. */
  readonly remarks?: readonly string[];
  /** The reason why the settings are unknown. */
  readonly unknown?: string;
}

/** A GPU. */
export interface GpuDocument {
  readonly maker: 'nvidia' | 'amd';
  readonly name: string;
  readonly vramMiB?: number;
}

/** A row of the matrix: a model and the backends that have it. */
export interface ModelDocument {
  readonly name: string;
  readonly sizeBytes?: number;
  readonly trainedContext?: number;
  /** Whether backends have other weights under the name. */
  readonly differs: boolean;
  /** The digest on each backend that has it, by URL. */
  readonly digests: Readonly<Record<string, string>>;
}

/** The document of a scan. */
export function scanDocument({ servers, overSsh, otherHosts }: Scan, rows: readonly ModelRow[]): ScanDocument {
  return {
    overSsh,
    servers: servers.map(({ url, answer, problem, host, inspection, gpus, unknown }) => ({
      url,
      answers: answer !== undefined,
      ...defined({ version: answer?.version, problem, host, unknown }),
      ...(inspection === undefined ? {} : inspectionFields(inspection)),
      ...(gpus === undefined ? {} : gpuFields(gpus)),
    })),
    models: rows.map(({ name, sizeBytes, trainedContext, differs, cells }) => ({
      name,
      ...defined({ sizeBytes, trainedContext }),
      differs,
      digests: Object.fromEntries(
        cells.flatMap(({ server, model }) => (model === undefined ? [] : [[server.url, model.digest]])),
      ),
    })),
    otherHosts,
  };
}

function inspectionFields({ source, container, stated, remarks }: Inspection): Partial<ServerDocument> {
  return { source, ...defined({ container }), settings: stated, remarks };
}

function gpuFields(gpus: Gpus): Partial<ServerDocument> {
  const listed = (['nvidia', 'amd'] as const).flatMap((maker) => {
    const list = gpus[maker];
    return list === undefined || 'failed' in list
      ? []
      : list.map(({ name, vramMiB }): GpuDocument => ({ maker, name, ...defined({ vramMiB }) }));
  });
  return { gpus: listed, ...defined({ vramMiB: vramOf(gpus) }) };
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  // The fields without a value are left out, which the type states.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
