import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The agent's desktop, which agent-state serves. */
export default defineConfig({
  root: "desktop",
  base: "/desktop/",
  publicDir: "../public",
  plugins: [react()],
  build: {
    outDir: "../dist/desktop",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { "/v1": { target: "http://127.0.0.1:8103", ws: true } } },
});
