import { isObject, parseJson } from '../../core/json.ts';

/** A GPU of a host. */
export interface Gpu {
  readonly name: string;
  /** `undefined`: its driver states none, as where it shares the machine's memory. */
  readonly vramMiB: number | undefined;
}

/** The GPUs of a host by the program that listed them. A maker without its program is left out. */
export interface Gpus {
  readonly nvidia?: readonly Gpu[] | { readonly failed: string };
  readonly amd?: readonly Gpu[] | { readonly failed: string };
}

/** The GPUs in the CSV of `nvidia-smi --query-gpu=index,name,memory.total --format=csv,noheader,nounits`. */
export function nvidiaGpus(answer: readonly string[] | undefined): Pick<Gpus, 'nvidia'> {
  if (answer === undefined) return {};
  const [exitCode, text = ''] = answer;
  if (exitCode !== '0') return /no devices were found/i.test(text) ? { nvidia: [] } : failedNvidia(text);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const gpus = lines.map((line) => /^\s*\d+\s*,\s*(.+?)\s*,\s*([^,]+?)\s*$/.exec(line));
  return gpus.includes(null) && !/no devices were found/i.test(text)
    ? failedNvidia(text)
    : {
        nvidia: gpus.flatMap((match) =>
          match === null ? [] : [{ name: match[1] ?? '', vramMiB: mebibytes(match[2]) }],
        ),
      };
}

function failedNvidia(text: string): Pick<Gpus, 'nvidia'> {
  return { nvidia: { failed: text.trim().split('\n')[0] ?? '' } };
}

function mebibytes(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The GPUs in the JSON of `rocm-smi --showproductname --showmeminfo vram --json`, in which every value is a text. */
export function amdGpus(answer: readonly string[] | undefined): Pick<Gpus, 'amd'> {
  if (answer === undefined) return {};
  const [exitCode = '', text = ''] = answer;
  // Warnings may stand before the document.
  const document = parseJson(text.slice(text.indexOf('{')));
  if (!isObject(document))
    return {
      amd:
        text.trim() === '' && exitCode === '0' ? [] : { failed: text.trim().split('\n')[0] || `exit code ${exitCode}` },
    };
  return {
    amd: Object.entries(document)
      .filter(([name]) => /^card\d+$/.test(name))
      .flatMap(([name, card]) => (isObject(card) ? [amdGpu(name, card)] : [])),
  };
}

function amdGpu(name: string, card: Readonly<Record<string, unknown>>): Gpu {
  // Versions of rocm-smi differ in capitals: `Card series`, `Card Series`.
  const field = (wanted: string): string | undefined => {
    const value = Object.entries(card).find(([key]) => key.toLowerCase() === wanted)?.[1];
    return typeof value === 'number'
      ? String(value)
      : typeof value === 'string' && value !== '' && value !== 'N/A'
        ? value
        : undefined;
  };
  const bytes = Number(field('vram total memory (b)') ?? 'NaN');
  return {
    name: field('card series') ?? field('card model') ?? field('device name') ?? name,
    vramMiB: Number.isFinite(bytes) ? Math.round(bytes / 1_048_576) : undefined,
  };
}

/** The memory of all GPUs, in MiB; `undefined` if one of them does not state it. */
export function vramOf({ nvidia, amd }: Gpus): number | undefined {
  const lists = [nvidia ?? [], amd ?? []].map((list) => ('failed' in list ? [{ vramMiB: undefined }] : list));
  const sizes = lists.flat().map(({ vramMiB }) => vramMiB);
  return sizes.includes(undefined) ? undefined : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}
