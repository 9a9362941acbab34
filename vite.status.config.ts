/** The build of the status page, into `dist/status`; the server serves what it makes. */
import { resolve } from "node:path";
import { defineConfig } from "vite";

export default defineConfig({
  root: resolve(import.meta.dirname, "src/status"),
  base: "/status/",
  cacheDir: resolve(import.meta.dirname, "node_modules/.vite"),
  build: {
    outDir: resolve(import.meta.dirname, "dist/status"),
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"],
    // Nothing inline: the policy lets none of it in.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
