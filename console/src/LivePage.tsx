import { useEffect, useState, useSyncExternalStore } from "react";
import { BoardPage } from "./board/BoardPage";
import { connect } from "./live/connection";
import { Feed, onNextFrame } from "./live/feed";
import { Access } from "./states/Access";
import { Failed } from "./states/Failed";
import { Loading } from "./states/Loading";
import type { View } from "./view/address";

interface LivePageProps {
  token: string;
  view: View;
  onView: (change: Partial<View>) => void;
  onToken: (token: string) => void;
}

/** Follows the stream with one token and shows the state the page is in. */
export function LivePage({ token, view, onView, onToken }: LivePageProps) {
  const [feed] = useState(() => feedWith(token));
  const { board, link, series } = useSyncExternalStore(feed.subscribe, feed.shown);
  useEffect(() => feed.start(), [feed]);
  useEffect(() => {
    addEventListener("online", feed.retryNow);
    return () => removeEventListener("online", feed.retryNow);
  }, [feed]);
  if (link.state === "refused") {
    const reason = link.status === 401 ? "expired" : "noRight";
    return <Access reason={reason} view={view} onView={onView} onToken={onToken} />;
  }
  if (board) {
    const live = { board, link, series, onRetry: feed.retryNow };
    return <BoardPage {...live} view={view} onView={onView} />;
  }
  if (link.state === "lost") {
    return <Failed link={link} view={view} onView={onView} onRetry={feed.retryNow} />;
  }
  return <Loading view={view} onView={onView} />;
}

function feedWith(token: string): Feed {
  const now = () => Date.now();
  const parts = { url: "/v1/live", fetch: fetch.bind(globalThis), now };
  return new Feed({
    token,
    now,
    connect: (bearer, lastId, listener) => connect({ ...parts, token: bearer, lastId }, listener),
    onFrame: onNextFrame,
    jitter: Math.random,
  });
}
