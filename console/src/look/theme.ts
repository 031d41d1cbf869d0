import { createTheme, type MantineColorsTuple } from "@mantine/core";

const PETROL: MantineColorsTuple = [
  "#e9f6f7",
  "#d3ebed",
  "#a8d6da",
  "#7cc4c9",
  "#5cc5cb",
  "#2f979f",
  "#17818a",
  "#0a6c74",
  "#075b62",
  "#04484e",
];

/** The one accent and the one typeface of all pages. */
export const theme = createTheme({
  colors: { petrol: PETROL },
  primaryColor: "petrol",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: '"Inter Variable", ui-monospace, monospace',
  defaultRadius: "md",
  respectReducedMotion: true,
});
