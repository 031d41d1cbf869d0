let canvas: CanvasRenderingContext2D | null = null;

/** Return how wide a text is in the page's typeface, pixels. */
export function measured(text: string, weight: number, size: number): number {
  canvas ??= document.createElement("canvas").getContext("2d");
  if (!canvas) return text.length * size * 0.6;
  canvas.font = `${weight} ${size}px "Inter Variable", system-ui, sans-serif`;
  return canvas.measureText(text).width;
}
