import { WebSocket } from "isosocket";
import { failure, WebSocket as EngineSocket } from "isosocket/engine";

const socket: WebSocket = new EngineSocket("wss://example.org");
const cause: string | undefined = failure(socket);

export { cause };
