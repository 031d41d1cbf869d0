import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { landPlugin } from "./land-plugin.ts";

/** The live board, which reporting serves; and the tests of both pages. */
export default defineConfig({
  base: "/board/",
  plugins: [react(), landPlugin()],
  build: {
    outDir: "dist/board",
    target: "es2022",
    // The page's policy allows no data: fonts; each file is fetched from where the page came from.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8104" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
