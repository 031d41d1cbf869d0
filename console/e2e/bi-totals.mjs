// Reads a topic of rows from its start to its present end and adds columns up, by another column.
// node e2e/bi-totals.mjs 127.0.0.1:19092 bi.queue-intervals queue_id offered answered
import { randomUUID } from "node:crypto";
import { Consumer, stringDeserializers } from "@platformatic/kafka";

const [bootstrap, topic, by, ...columns] = process.argv.slice(2);
if (!columns.length) {
  process.stderr.write("bi-totals.mjs BOOTSTRAP TOPIC BY COLUMN..\n");
  process.exit(2);
}

const consumer = new Consumer({
  clientId: "bi-totals",
  groupId: `bi-totals-${randomUUID()}`,
  bootstrapBrokers: bootstrap.split(","),
  deserializers: stringDeserializers,
});
const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic);
const unread = new Set([...ends.keys()].filter((partition) => ends[partition] > 0n));
const rows = new Map(); // by key: of each, the last one counts
if (unread.size) {
  const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: false });
  for await (const { key, value, partition, offset } of stream) {
    if (value) rows.set(key, JSON.parse(value));
    else rows.delete(key); // a tombstone: the row is gone
    if (offset + 1n >= ends[partition]) unread.delete(partition);
    if (!unread.size) break;
  }
}
await consumer.close(true);

const totals = {};
for (const row of rows.values()) {
  totals[row[by]] ??= Object.fromEntries(columns.map((column) => [column, 0]));
  for (const column of columns) totals[row[by]][column] += row[column];
}
process.stdout.write(`${JSON.stringify(totals)}\n`);
