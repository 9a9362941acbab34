/** Sends over HTTP, one at a time on each of a hundred connections. */
import { type Ask, askAllTheTime } from "../load/closed-loop.ts";
import { HttpConnection } from "../load/http.ts";
import { textOf } from "../load/traffic.ts";
import { startChild } from "../systems/child.ts";
import { isStored, sendBody, startParley } from "../systems/parley.ts";
import { answerFigures, answerValues, type Entrant, type Workload } from "./workload.ts";

const CONNECTIONS = 100;

const parleyOverHttp: Entrant = {
  system: "Parley",
  async run(folder, { seconds }) {
    const running = await startParley(folder);
    try {
      const asks: Ask[] = [];
      for (let index = 0; index < CONNECTIONS; index += 1) {
        const token = await running.login(`http-${index}`);
        const connection = await HttpConnection.open(running.port);
        const to = `http-${index === 0 ? 0 : index - 1}`;
        asks.push((onAnswer) =>
          connection.post("/graphql", token, sendBody(to, textOf(index)), (answer) => {
            if (!isStored(answer)) throw new Error(`not sent: ${answer}`);
            onAnswer();
          }),
        );
      }
      return answerValues("send", await askAllTheTime(asks, running.pids, seconds));
    } finally {
      await running.stop();
    }
  },
};

const floorOverHttp: Entrant = {
  system: "floor",
  async run(folder, { seconds }) {
    const child = await startChild(
      [process.execPath, "bench/build/bench/servers/http-floor.js", folder],
      /listening on (\d+)/,
    );
    try {
      let keys = 0;
      const asks: Ask[] = [];
      for (let index = 0; index < CONNECTIONS; index += 1) {
        const connection = await HttpConnection.open(Number(child.said));
        asks.push((onAnswer) => {
          keys += 1;
          const body = JSON.stringify({ key: `8f14e45f-ceea-467f-${keys}`, to: `http-${index}`, text: textOf(index) });
          connection.post("/", "none", body, onAnswer);
        });
      }
      return answerValues("send", await askAllTheTime(asks, [child.pid], seconds));
    } finally {
      await child.stop();
    }
  },
};

export const http: Workload = {
  name: "http",
  title: `Sends over HTTP, ${CONNECTIONS} connections (floor: node:http and one row in a group commit)`,
  figures: answerFigures("send", "sends/s"),
  entrants: [parleyOverHttp, floorOverHttp],
  reference: "floor",
};
