// Writes the types of the services' messages from their own descriptions of them.
// node types.mjs
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

/** Leave out the titles of fields, which would each become a type of their own. */
function untitled(schema) {
  for (const field of Object.values(schema.properties ?? {})) delete field.title;
  return schema;
}

/** Write the types of `docs/<document>`: those of the fields that `fieldsOf` finds there. */
async function typed(document, title, out, fieldsOf) {
  const description = new URL(`../docs/${document}`, import.meta.url);
  const described = JSON.parse(await readFile(description, "utf8"));
  const properties = fieldsOf(described);
  const schema = {
    title,
    type: "object",
    additionalProperties: false,
    properties,
    required: Object.keys(properties),
    components: {
      schemas: Object.fromEntries(
        Object.entries(described.components.schemas).map(([name, each]) => [name, untitled(each)]),
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

/** Return how to find what the messages of each operation of an AsyncAPI document carry. */
function messagesOf(operationsAs) {
  return ({ components, operations }) => {
    const payloads = ({ messages }) =>
      messages.map(({ $ref }) => components.messages[$ref.split("/").at(-1)].payload);
    return Object.fromEntries(
      Object.entries(operationsAs).map(([operation, name]) => [
        name,
        { oneOf: payloads(operations[operation]) },
      ]),
    );
  };
}

/** Return what each address of an OpenAPI document answers. */
function answersOf({ paths }) {
  return Object.fromEntries(
    Object.entries(paths).map(([path, { get }]) => [
      path,
      get.responses["200"].content["application/json"].schema,
    ]),
  );
}

await typed(
  "desktop.asyncapi.json",
  "Protocol",
  new URL("./src/desktop/generated/protocol.ts", import.meta.url),
  messagesOf({ show: "told", ask: "asked" }),
);
await typed(
  "desktop.openapi.json",
  "Http",
  new URL("./src/desktop/generated/http.ts", import.meta.url),
  answersOf,
);
await typed(
  "board.asyncapi.json",
  "Stream",
  new URL("./src/live/generated/stream.ts", import.meta.url),
  messagesOf({ show: "told" }),
);
