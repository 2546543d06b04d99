// Bundles one module as `build.js` bundles the libraries, and prints its bytes after gzip -9: `node bundle.js MODULE`.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: [process.argv[2]],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
  legalComments: "none",
  logLevel: "error",
});
console.log(gzipSync(outputFiles[0].contents, { level: 9 }).length);
