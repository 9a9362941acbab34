/** What servers tell Prometheus. */

/** Metrics that only a server on PostgreSQL has. */
export const ONLY_ON_POSTGRES = ["parley_database_connections", "parley_database_waiting", "parley_bus_healthy"];

/** The values by name and labels, as they are written. */
export async function readMetrics(url: string | null): Promise<Map<string, number>> {
  const response = await fetch(url ?? "");
  if (!response.ok) throw new Error(`metrics are answered with ${response.status}`);
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}
