// What an independent implementation says of random places: `node places.mjs COUNT FOLDER…`.
// Prints {file: [[line, column, source, line, column, name], …]}, all from 0; null: nothing is there.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FlattenMap, decodedMappings, traceSegment } from "@jridgewell/trace-mapping";

const [count, ...folders] = process.argv.slice(2);
let seed = 20261125;
const below = (n) => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) % n;

const told = {};
for (const folder of folders) {
  const files = readdirSync(folder).filter((name) => name.endsWith(".map"));
  for (const file of files) {
    const map = new FlattenMap(JSON.parse(readFileSync(join(folder, file), "utf8")));
    const lines = readFileSync(join(folder, file.slice(0, -4)), "utf8").split("\n");
    const mapped = decodedMappings(map);
    told[join(folder, file)] = Array.from({ length: Math.ceil(count / files.length) }, () => {
      // a place of the file, for a long line is more than a short one; then where a mapping begins
      let at = below(lines.reduce((size, line) => size + line.length + 1, 0));
      let line = 0;
      while (at > lines[line].length) at -= lines[line++].length + 1;
      if (below(3) === 0 && mapped[line]?.length) at = mapped[line][below(mapped[line].length)][0];
      const found = traceSegment(map, line, at);
      return [line, at, ...(found === null || found.length === 1 ? [found && -1] : [...found.slice(1, 4), map.names[found[4]] ?? null])];
    });
  }
}
console.log(JSON.stringify(told));
