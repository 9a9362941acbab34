/** The build of the chat page, into `dist/chat`; the server serves what it makes. */
import { resolve } from "node:path";
import { defineConfig } from "vite";

export default defineConfig({
  root: resolve(import.meta.dirname, "src/chat"),
  cacheDir: resolve(import.meta.dirname, "node_modules/.vite"),
  build: {
    outDir: resolve(import.meta.dirname, "dist/chat"),
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"],
    // Nothing inline: the policy lets none of it in.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      // What a directive means to a server that renders is nothing here.
      onLog: (level, log, warn) => log.code !== "MODULE_LEVEL_DIRECTIVE" && warn(level, log),
    },
  },
});
