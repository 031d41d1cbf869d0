// Writes the types of the desktop's messages from the service's own description of them.
// node desktop-types.mjs
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

const DESCRIPTION = new URL("../docs/desktop.asyncapi.json", import.meta.url);
const OUT = new URL("./src/desktop/generated/", import.meta.url);
const BANNER = "// Generated from docs/desktop.asyncapi.json by desktop-types.mjs.";

const { components, operations } = JSON.parse(await readFile(DESCRIPTION, "utf8"));
const payloads = ({ messages }) =>
  messages.map(({ $ref }) => components.messages[$ref.split("/").at(-1)].payload);

/** Leave out the titles of fields, which would each become a type of their own. */
function untitled(schema) {
  for (const field of Object.values(schema.properties ?? {})) delete field.title;
  return schema;
}

const schema = {
  title: "Protocol",
  type: "object",
  additionalProperties: false,
  properties: {
    told: { oneOf: payloads(operations.show) },
    asked: { oneOf: payloads(operations.ask) },
  },
  required: ["told", "asked"],
  components: {
    schemas: Object.fromEntries(
      Object.entries(components.schemas).map(([name, each]) => [name, untitled(each)]),
    ),
  },
};
const types = await compile(schema, "Protocol", {
  additionalProperties: false,
  bannerComment: BANNER,
  format: false,
  ignoreMinAndMaxItems: true,
});
await mkdir(OUT, { recursive: true });
await writeFile(new URL("protocol.ts", OUT), types);
