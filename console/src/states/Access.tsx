import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { View } from "../view/address";
import { Notice } from "./Notice";
import { TokenForm } from "./TokenForm";

interface AccessProps {
  reason: "none" | "expired" | "noRight";
  view: View;
  onView: (change: Partial<View>) => void;
  onToken: (token: string) => void;
}

/** Says why there is no right to the board, and takes a token. */
export function Access({ reason, view, onView, onToken }: AccessProps) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = t("page.plainTitle");
  }, [t]);
  return (
    <Notice
      name={`access-${reason}`}
      title={t(`access.${reason}`)}
      text={t(`access.${reason}Text`)}
      view={view}
      onView={onView}
    >
      <TokenForm
        texts={{ field: t("access.field"), show: t("access.show"), empty: t("access.empty") }}
        onToken={onToken}
      />
    </Notice>
  );
}
