import type { Language } from "../view/address";
import type { Code } from "./http";

/** A code with how deep it stands in the tree. */
export interface Leveled {
  code: Code;
  depth: number;
}

/**
 * Return the codes of a branch in the order of the tree, each after its parent.
 *
 * `from` is the branch, which is not among them; null: the whole tree.
 */
export function treeOf(codes: readonly Code[], from: string | null, lang: Language): Leveled[] {
  const under = (parent: string | null, depth: number): Leveled[] =>
    codes
      .filter(({ parent_id }) => (parent_id ?? null) === parent)
      .toSorted((a, b) => a.name[lang].localeCompare(b.name[lang], lang))
      .flatMap((code) => [{ code, depth }, ...under(code.code_id, depth + 1)]);
  return under(from, 0);
}
