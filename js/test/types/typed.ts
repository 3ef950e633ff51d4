import { json, typed, type Codec, type TypedConnection } from "isosocket/typed";
import { WebSocketStream } from "isosocket";
import { WebSocketStream as BrowserStream } from "isosocket/wasm";

type Question = { id: number; text: string };
type Answer = { id: number; sum: number };

const connection: TypedConnection<Answer, Question> = typed<Answer, Question>(await new WebSocketStream("wss://example.org").opened, json);
await connection.send({ id: 1, text: "1+1" });
// @ts-expect-error
await connection.send({ id: 1 });
for await (const received of connection.readable) {
  const sum: number = received.ok ? received.value.sum : String(received.error).length;
  // @ts-expect-error
  received.value;
  console.log(sum);
}
await connection.close();

const numbers: Codec<number, number> = {
  encode: (value) => new Uint8Array([value]),
  decode: (message) => (typeof message === "string" ? Number(message) : new Uint8Array(message)[0] ?? NaN),
};
const { readable, writable } = await new BrowserStream("/").opened;
const counts = typed({ readable, writable }, numbers);
await counts.send(7);
// @ts-expect-error
await counts.send("7");
// @ts-expect-error
typed({ readable, writable }, { encode: String });
