// Builds the shop with every bundler into a folder: `node build.mjs SHOP OUT`.
// Each build is OUT/NAME/*.js with its maps; `places.mjs` and the tests read them.
import { createRequire } from "node:module";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import esbuild from "esbuild";
import { rollup } from "rollup";
import { minify } from "terser";
import ts from "typescript";
import { build as vite } from "vite";
import webpack from "webpack";

const shop = resolve(process.argv[2]);
const out = resolve(process.argv[3]);
const require = createRequire(import.meta.url);
const jose = fileURLToPath(import.meta.resolve("jose"));
const entry = join(shop, "main.ts");
const jsx = { jsxFactory: "h", jsxFragment: "Fragment" };
const common = { bundle: true, sourcemap: true, format: "esm", platform: "neutral", mainFields: ["module", "main"], ...jsx };

const typescripted = {
  name: "esbuild",
  resolveId: (id, from) => (from && id.startsWith("./") ? firstOf(join(from, "..", id)) : id === "jose" ? jose : null),
  async transform(code, id) {
    return esbuild.transform(code, { loader: id.endsWith("x") ? "tsx" : "ts", sourcemap: true, sourcefile: id, ...jsx });
  },
};

async function firstOf(path) {
  for (const ending of ["", ".ts", ".tsx", ".js", "/index.js"]) {
    const isThere = await readFile(path + ending).then(() => true, () => false);
    if (isThere) return path + ending;
  }
}

const builds = {
  async plain() {
    await esbuild.build({ ...common, entryPoints: [entry], outfile: join(out, "plain/main.js") });
  },
  async esbuild() {
    await esbuild.build({ ...common, minify: true, entryPoints: [entry], outfile: join(out, "esbuild/main.js") });
  },
  async terser() {
    const [code, map] = await Promise.all(["main.js", "main.js.map"].map((name) => readFile(join(out, "plain", name), "utf8")));
    const small = await minify(code, { module: true, sourceMap: { content: map, filename: "main.js", url: "main.js.map", includeSources: true } });
    await write("terser", "main.js", small.code, small.map);
  },
  async rollup() {
    const bundle = await rollup({ input: entry, plugins: [typescripted], onwarn: () => undefined });
    await bundle.write({ file: join(out, "rollup/main.js"), format: "es", sourcemap: true });
  },
  async vite() {
    await vite({
      root: shop, configFile: false, logLevel: "error",
      build: {
        outDir: join(out, "vite"), emptyOutDir: true, sourcemap: true, modulePreload: false,
        rolldownOptions: { input: entry, output: { entryFileNames: "main.js" } },
      },
      oxc: { jsx: { runtime: "classic", pragma: "h", pragmaFrag: "Fragment" } },
    });
  },
  async webpack() {
    const loader = join(out, "loader.cjs");
    const esbuildAt = JSON.stringify(require.resolve("esbuild"));
    await writeFile(loader, `module.exports = function (code) {
      const done = this.async(), file = this.resourcePath;
      require(${esbuildAt}).transform(code, { loader: file.endsWith("x") ? "tsx" : "ts", sourcemap: true, sourcefile: file, ...${JSON.stringify(jsx)} })
        .then(({ code, map }) => done(null, code, JSON.parse(map)), done);
    };`);
    const stats = await promisify(webpack)({
      mode: "production", entry, context: shop, devtool: "source-map", target: "node",
      output: { path: join(out, "webpack"), filename: "main.js" },
      resolve: { extensions: [".ts", ".tsx", ".js"], modules: [join(require.resolve("esbuild/package.json"), "../..")] },
      module: { rules: [{ test: /\.tsx?$/, use: loader }] },
      performance: false,
    });
    if (stats.hasErrors()) throw new Error(stats.toString());
  },
  async tsc() {
    const options = {
      allowJs: true, sourceMap: true, inlineSources: true, outDir: join(out, "tsc"), rootDir: shop, noCheck: true,
      target: ts.ScriptTarget.ES5, downlevelIteration: true, module: ts.ModuleKind.CommonJS, jsx: ts.JsxEmit.React, jsxFactory: "h",
      jsxFragmentFactory: "Fragment", noResolve: false, skipLibCheck: true, types: [],
    };
    ts.createProgram([entry], options).emit();
    await writeFile(join(out, "tsc/package.json"), '{"type":"commonjs"}');
  },
};

async function write(build, file, code, map) {
  await mkdir(join(out, build), { recursive: true });
  await writeFile(join(out, build, file), code);
  await writeFile(join(out, build, `${file}.map`), map);
}

await mkdir(out, { recursive: true });
await writeFile(join(out, "package.json"), '{"type":"module"}');
await builds.plain();
for (const name of Object.keys(builds).filter((name) => name !== "plain")) {
  const start = performance.now();
  await builds[name]();
  if (process.env.VERBOSE) console.error(name, Math.round(performance.now() - start));
}
