/** A section of MAINTAINERS that says where its files are. */
export interface Area {
  readonly title: string;
  /** Is the path one of its files. */
  readonly has: (path: string) => boolean;
}

const SECTION_FIELD = /^([A-Z]):\s*(\S.*)$/;

/** The file comes from a repository that nobody vouches for: one that no kernel has, or a pattern that takes long to match, is left out. */
const MOST_CHARACTERS = 8 << 20;
const MOST_STARS = 4;
/** `F: *` and `F: *\/` of THE REST: an area of everything says nothing. */
const EVERYTHING = /^\*\/?$/;

/**
 * Reads the sections of a kernel's MAINTAINERS (Documentation: "Descriptions of section entries" in that file): `F:` patterns include,
 * `X:` exclude; a pattern that ends with a slash means everything below, another one a file, with `*` and `?` inside one folder.
 */
export function readAreas(text: string): Area[] {
  if (text.length > MOST_CHARACTERS) return [];
  const areas: Area[] = [];
  let title = "";
  let included: string[] = [];
  let excluded: string[] = [];
  const end = () => {
    if (included.length > 0) areas.push(areaOf(title, included, excluded));
    title = "";
    included = [];
    excluded = [];
  };
  for (const line of text.split("\n")) {
    const [, letter, value = ""] = SECTION_FIELD.exec(line) ?? [];
    if (letter === "F" && !EVERYTHING.test(value)) included.push(value.trim());
    else if (letter === "X") excluded.push(value.trim());
    else if (line.trim() === "") end();
    else if (letter === undefined && title === "") title = line.trim();
  }
  end();
  return areas;
}

function areaOf(title: string, included: readonly string[], excluded: readonly string[]): Area {
  const [inside, outside] = [included.map(matcher), excluded.map(matcher)];
  return { title, has: (path) => inside.some((has) => has(path)) && !outside.some((has) => has(path)) };
}

/** A folder is often named without the slash. */
function matcher(pattern: string): (path: string) => boolean {
  if (!/[*?]/.test(pattern)) {
    const folder = pattern.endsWith("/") ? pattern : `${pattern}/`;
    return (path) => path === pattern || path.startsWith(folder);
  }
  const plain = pattern.replace(/\*+/g, "*");
  if (plain.split("*").length - 1 > MOST_STARS) return () => false;
  const source = plain
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
  const form = new RegExp(`^${source}${pattern.endsWith("/") ? "" : "$"}`);
  return (path) => form.test(path);
}
