import { instance, type Viz } from "@viz-js/viz";

let viz: Promise<Viz> | null = null;

/** Draws a graph in the language of Graphviz as SVG, in this thread; Graphviz itself, as WebAssembly, is loaded once. */
export async function drawSvg(dot: string): Promise<string> {
  viz ??= instance();
  return (await viz).renderString(dot, { format: "svg", engine: "dot" });
}
