/** Serves metrics to Prometheus. */
import { createServer, type Server } from "node:http";
import type { Registry } from "prom-client";
import { pathOf } from "../path.ts";

export function createExporter(registry: Registry): Server {
  return createServer((request, response) => {
    if (pathOf(request.url) !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { "Content-Type": registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}
