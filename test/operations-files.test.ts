/** What operators are given: a dashboard and alarms for metrics that there are, and settings that there are. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { environment } from "../src/config/environment.ts";
import { hooksConfig } from "../src/hooks/config.ts";
import { ONLY_ON_POSTGRES } from "./support/metrics.ts";
import { startPhones } from "./support/push/phones.ts";

const FOLDER = resolve(import.meta.dirname, "../examples/operations");
const CLUSTER = resolve(import.meta.dirname, "../examples/cluster");
const SECRET = `whsec_${"x".repeat(32)}`;

function read(name: string): string {
  return readFileSync(join(FOLDER, name), "utf8");
}

/** What a server exports that pushes and has hooks, or is on PostgreSQL; of a histogram its parts. */
async function exported(): Promise<Set<string>> {
  const endpoint = { url: "https://app.example.org/hooks", secrets: [SECRET] };
  const hooks = hooksConfig.parse({
    beforeSend: { endpoint, onFailure: "allow" },
    events: [{ name: "app", endpoint }],
  });
  const phones = await startPhones({}, { metricsPort: 0, hooks });
  const text = await (await fetch(phones.app.server.metricsUrl ?? "")).text();
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  const names = types.flatMap(([, name = "", type]) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  return new Set([...names, ...ONLY_ON_POSTGRES]);
}

/** The metrics that expressions name. */
function named(text: string): Set<string> {
  return new Set([...text.matchAll(/\b(?:parley|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name));
}

function dashboard(): { expr: string }[] {
  const { panels } = JSON.parse(read("grafana-dashboard.json")) as { panels: { targets?: { expr: string }[] }[] };
  return panels.flatMap(({ targets = [] }) => targets);
}

test("every metric on the dashboard is one that a server has", async () => {
  const there = await exported();
  const wanted = named(
    dashboard()
      .map(({ expr }) => expr)
      .join("\n"),
  );
  expect(wanted.size).toBeGreaterThan(30);
  expect([...wanted].filter((name) => !there.has(name))).toEqual([]);
});

test("every metric of Parley's own is on the dashboard", async () => {
  const shown = named(JSON.stringify(dashboard()));
  const own = [...(await exported())].filter((name) => name.startsWith("parley_"));
  const base = (name: string) => name.replace(/_(bucket|sum|count)$/, "");
  const seen = new Set([...shown].map(base));
  expect(own.length).toBeGreaterThan(30);
  expect(own.filter((name) => !seen.has(base(name)))).toEqual([]);
});

test("every alarm is about metrics that a server has", async () => {
  const there = await exported();
  const expressions = [...read("prometheus-alerts.yml").matchAll(/^ +expr: (.+)$/gm)].map(([, expr = ""]) => expr);
  expect(expressions.length).toBeGreaterThan(10);
  expect([...named(expressions.join("\n"))].filter((name) => !there.has(name))).toEqual([]);
});

test("every alarm is in the runbook, and no other", () => {
  const alarms = [...read("prometheus-alerts.yml").matchAll(/alert: (\S+)/g)].map(([, name]) => name);
  const runbook = readFileSync(resolve(FOLDER, "../../docs/operations.md"), "utf8");
  expect([...runbook.matchAll(/^\| `(Parley\w+)` \|/gm)].map(([, name]) => name)).toEqual(alarms);
});

test("every setting that the files name is one", () => {
  const files = [FOLDER, CLUSTER].flatMap((folder) =>
    readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8")),
  );
  const settings = new Set(files.flatMap((text) => [...text.matchAll(/\bPARLEY_[A-Z0-9_]+/g)].map(([name]) => name)));
  expect(settings.size).toBeGreaterThan(4);
  expect([...settings].filter((name) => !(name in environment.shape))).toEqual([]);
});

/** Whether this machine has a program. */
function has(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const UNITS = [join(FOLDER, "parley.service"), join(CLUSTER, "parley@.service")];
test.skipIf(!has("systemd-analyze")).each(UNITS)(
  "systemd takes %s, and finds little that it could do beyond it",
  (unit) => {
    const said = execFileSync("systemd-analyze", ["security", "--offline=true", "--threshold=20", unit], {
      encoding: "utf8",
      env: { ...process.env, SYSTEMD_PAGER: "" },
    });
    expect(said).toContain("OK");
  },
);

test("what Parley is given is the same in both units, but for the port and the folder", () => {
  const [one, several] = UNITS.map((unit) =>
    readFileSync(unit, "utf8")
      .split("\n")
      .filter((line) => /^(?!Environment=|State|Description|Documentation|After|#)\w/.test(line)),
  );
  expect(several).toEqual(one);
});

test("nginx gets the same site in a container, but for where the servers are", () => {
  const [own, contained] = ["nginx.conf", "nginx.compose.conf"].map((name) =>
    readFileSync(join(CLUSTER, name), "utf8").replaceAll(/^ {2}server \S+ /gm, "  server "),
  );
  expect(contained).toBe(own);
});

test.skipIf(!has("promtool"))("Prometheus takes the alarms", () => {
  const said = execFileSync("promtool", ["check", "rules", join(FOLDER, "prometheus-alerts.yml")], {
    encoding: "utf8",
  });
  expect(said).toContain("SUCCESS");
});
