import type { Trip } from './trips.ts';

const BEGIN = '<!-- trips: written by npm run trips -->';
const END = '<!-- end of trips -->';

/** A trip as it stands in src/README.md. */
export function tripLines({ title, rooms, files }: Trip): string {
  const throughRoot = rooms.filter((room) => room === 'gateway').length;
  const root = throughRoot === 0 ? '' : `, ${String(throughRoot)} visits to the gateway's root`;
  return `**${title}**: ${String(files.size)} files, ${String(rooms.length - 1)} room changes${root}.\n\n${rooms.join(' → ')}`;
}

/** The page with other trips between its two marks. */
export function replaceTrips(page: string, lines: string): string {
  return `${page.slice(0, page.indexOf(BEGIN) + BEGIN.length)}\n\n${lines}\n\n${page.slice(page.indexOf(END))}`;
}

/** The rooms of the trips on the page, one list for each trip. */
export function tripsOf(page: string): readonly (readonly string[])[] {
  const block = page.slice(page.indexOf(BEGIN), page.indexOf(END));
  return block.split('\n').flatMap((line) => (line.includes(' → ') ? [line.split(' → ')] : []));
}
