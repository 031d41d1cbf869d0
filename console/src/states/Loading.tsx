import { Skeleton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Bar } from "../board/Bar";
import board from "../board/BoardPage.module.css";
import type { View } from "../view/address";

interface LoadingProps {
  view: View;
  onView: (change: Partial<View>) => void;
}

/** The board's places before its figures come, each as large as it will be. */
export function Loading({ view, onView }: LoadingProps) {
  const { t } = useTranslation();
  return (
    <div className={board.page} data-testid="loading">
      <Bar view={view} onView={onView} />
      <main className={board.main} aria-busy="true" aria-label={t("loading")}>
        <Skeleton height="5.75rem" />
        <Skeleton mih="20rem" height="100%" />
        <Skeleton mih="20rem" height="100%" />
        <Skeleton height="19rem" />
        <Skeleton height="19rem" />
      </main>
    </div>
  );
}
