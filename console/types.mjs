// Writes the types of the services' messages from their own descriptions of them.
// node types.mjs
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

/** Leave out the titles of fields, which would each become a type of their own. */
function untitled(schema) {
  for (const field of Object.values(schema.properties ?? {})) delete field.title;
  return schema;
}

/** Write the types of `docs/<document>`: for each operation, what its messages carry. */
async function typed(document, title, out, operationsAs) {
  const description = new URL(`../docs/${document}`, import.meta.url);
  const { components, operations } = JSON.parse(await readFile(description, "utf8"));
  const payloads = ({ messages }) =>
    messages.map(({ $ref }) => components.messages[$ref.split("/").at(-1)].payload);
  const schema = {
    title,
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(operationsAs).map(([operation, name]) => [
        name,
        { oneOf: payloads(operations[operation]) },
      ]),
    ),
    required: Object.values(operationsAs),
    components: {
      schemas: Object.fromEntries(
        Object.entries(components.schemas).map(([name, each]) => [name, untitled(each)]),
      ),
    },
  };
  const types = await compile(schema, title, {
    additionalProperties: false,
    bannerComment: `// Generated from docs/${document} by types.mjs.`,
    format: false,
    ignoreMinAndMaxItems: true,
  });
  await mkdir(new URL(".", out), { recursive: true });
  await writeFile(out, types);
}

await typed(
  "desktop.asyncapi.json",
  "Protocol",
  new URL("./src/desktop/generated/protocol.ts", import.meta.url),
  { show: "told", ask: "asked" },
);
await typed(
  "board.asyncapi.json",
  "Stream",
  new URL("./src/live/generated/stream.ts", import.meta.url),
  { show: "told" },
);
