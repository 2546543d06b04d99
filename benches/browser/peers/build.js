// Bundles every entry the way a production build does, for evergreen browsers, and prints what a first visit downloads of
// it: a line each with the name and the bytes after gzip -9.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const folder = new URL("./", import.meta.url).pathname;
const outdir = process.argv[2];
const entries = readdirSync(`${folder}entries`).map((name) => `${folder}entries/${name}`);
await build({
  entryPoints: entries,
  outdir,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  logLevel: "warning",
});
for (const name of readdirSync(outdir).filter((name) => name.endsWith(".js"))) {
  const bytes = gzipSync(readFileSync(`${outdir}/${name}`), { level: 9 }).length;
  console.log(`${name.slice(0, -3)} ${bytes}`);
}
