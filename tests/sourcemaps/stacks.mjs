// Runs a build of the shop and prints the stacks of its failures: `node stacks.mjs OUT/NAME/main.js`.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

await import(pathToFileURL(resolve(process.argv[2])));
console.log(JSON.stringify(await globalThis.told));
