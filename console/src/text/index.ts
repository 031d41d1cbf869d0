import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import type { Language } from "../view/address";
import { type Catalogue, en } from "./en";
import { ru } from "./ru";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "page";
    resources: { page: Catalogue };
    returnNull: false;
  }
}

/** Return the catalogue, speaking `lang`. */
export function catalogue(lang: Language): i18n {
  const texts = i18next.createInstance();
  void texts.use(initReactI18next).init({
    lng: lang,
    fallbackLng: false,
    defaultNS: "page",
    resources: { ru: { page: ru }, en: { page: en } },
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  return texts;
}
