// Translates imci.cql and answers the children of standard input, a JSON list, in one list.
import fs from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const require = createRequire(process.argv[2]); // the folder of the packages
const elm = await import(pathToFileURL(require.resolve("@cqframework/cql/cql-to-elm")));
const cql = require("cql-execution");

const models = new elm.ModelManager(undefined, false);
const system = fs.readFileSync(here("system.xml"), "utf8");
models.modelInfoLoader.registerModelInfoProvider(
  elm.createModelInfoProvider((id) => (id === "System" ? elm.stringAsSource(system) : null)),
);
const translated = elm.CqlTranslator.fromText(
  fs.readFileSync(here("imci.cql"), "utf8"),
  new elm.LibraryManager(models),
);
const errors = translated.errors.asJsReadonlyArrayView();
if (errors.length) {
  console.error(errors.map((error) => error.message).join("\n"));
  process.exit(1);
}
const library = new cql.Library(JSON.parse(translated.toJson()));
const children = JSON.parse(fs.readFileSync(0, "utf8"));
const results = await new cql.Executor(library, null, { Children: children }).exec(
  new cql.PatientSource([]),
);
console.log(JSON.stringify(results.unfilteredResults.Answers));
