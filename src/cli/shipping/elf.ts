import { open } from 'node:fs/promises';
import type { Architecture } from '../../render/release.ts';

// elf(5): e_machine is a half-word at byte 18, in the byte order of e_ident[EI_DATA]; 62 is EM_X86_64, 183 EM_AARCH64.
const MACHINES: ReadonlyMap<number, Architecture> = new Map([
  [62, 'x64'],
  [183, 'arm64'],
]);
const HEADER_BYTES = 20;

/** The machine of a program file: an architecture, the ELF number of another machine, or `undefined` if it is not ELF. Rejects if the file cannot be read. */
export async function machineOf(file: string): Promise<Architecture | { readonly other: number } | undefined> {
  const handle = await open(file);
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, 0);
    if (bytesRead < HEADER_BYTES || header.toString('latin1', 0, 4) !== '\u007FELF') return undefined;
    const machine = header[5] === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18);
    return MACHINES.get(machine) ?? { other: machine };
  } finally {
    await handle.close();
  }
}
