/** What of the page a link carries: a colleague who opens it sees the same. */
export interface View {
  lang: Language;
  filter: string;
  site: string | null;
}

export type Language = "ru" | "en";

/** Return the view that a query says; the browser's language where it says none. */
export function viewOf(query: string, browserLanguages: readonly string[]): View {
  const params = new URLSearchParams(query);
  const lang = params.get("lang");
  return {
    lang: lang === "ru" || lang === "en" ? lang : preferred(browserLanguages),
    filter: params.get("filter") ?? "",
    site: params.get("site"),
  };
}

/** Return the query that says `view`; what is not chosen is left out. */
export function queryOf(view: View): string {
  const params = new URLSearchParams({ lang: view.lang });
  if (view.filter) params.set("filter", view.filter);
  if (view.site) params.set("site", view.site);
  return `?${params}`;
}

function preferred(languages: readonly string[]): Language {
  const first = languages.map((tag) => tag.slice(0, 2)).find((tag) => READ_AS[tag]);
  return first ? (READ_AS[first] as Language) : "en";
}

const READ_AS: Record<string, Language> = { ru: "ru", be: "ru", kk: "ru", en: "en" };
