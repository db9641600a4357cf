// node plugin_build.mjs esbuild|vite OUT RELEASE ENTRY: build with Sentry's plugin, which uploads by itself.
// Where to and as whom is in SENTRY_URL, SENTRY_AUTH_TOKEN, SENTRY_ORG and SENTRY_PROJECT.
const [kind, out, release, entry] = process.argv.slice(2);
const options = {
  url: process.env.SENTRY_URL,
  org: process.env.SENTRY_ORG,
  project: process.env.SENTRY_PROJECT,
  authToken: process.env.SENTRY_AUTH_TOKEN,
  telemetry: false,
  release: { name: release, setCommits: false, ...JSON.parse(process.env.RELEASE_OPTIONS ?? "{}") },
};
if (kind === "esbuild") {
  const { build } = await import("esbuild");
  const { sentryEsbuildPlugin } = await import("@sentry/esbuild-plugin");
  await build({
    entryPoints: [entry], bundle: true, minify: true, sourcemap: true, outfile: `${out}/main.js`,
    target: "es2020", logLevel: "error", jsx: "automatic", plugins: [sentryEsbuildPlugin(options)],
  });
} else {
  const { build } = await import("vite");
  const { sentryVitePlugin } = await import("@sentry/vite-plugin");
  await build({
    logLevel: "warn", configFile: false,
    build: { outDir: out, emptyOutDir: false, sourcemap: true, rollupOptions: { input: entry } },
    plugins: [sentryVitePlugin(options)],
  });
}
