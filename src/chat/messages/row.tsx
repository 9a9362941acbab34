/** One row of the list. */
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChat } from "../shared/chat-context.ts";
import type { Format } from "../shared/format.ts";
import { useToasts } from "../shared/toasts.tsx";
import ui from "../shared/ui.module.css";
import { MessageView } from "./message-view.tsx";
import { NoticeView } from "./notice.tsx";
import type { PeerContext } from "./peer-context.ts";
import styles from "./row.module.css";
import type { Row } from "./rows.ts";

interface RowViewProps {
  readonly row: Row;
  readonly peer: PeerContext;
  readonly format: Format;
  /** Whether Tab stops at it. */
  readonly focusable: boolean;
  readonly onShow: (id: string) => void;
}

export const RowView = memo(function RowView({ row, peer, format, focusable, onShow }: RowViewProps) {
  const { t } = useTranslation();
  switch (row.type) {
    case "day":
      return (
        <div className={styles.day}>
          <time dateTime={row.at}>{format.day(row.at)}</time>
        </div>
      );
    case "unread":
      return <div className={styles.unread}>{t("pane.unread")}</div>;
    case "hole":
      return <Hole peer={peer.id} before={row.before} />;
    case "message": {
      const { message } = row;
      if (message.content?.type === "NOTICE") {
        return <NoticeView message={message} content={message.content} focusable={focusable} format={format} />;
      }
      return <MessageView row={row} peer={peer} format={format} focusable={focusable} onShow={onShow} />;
    }
    default:
      return row satisfies never;
  }
});

function Hole({ peer, before }: { readonly peer: string; readonly before: number }) {
  const chat = useChat();
  const { t } = useTranslation();
  const { attempt } = useToasts();
  const [loading, setLoading] = useState(false);
  const load = async () => {
    setLoading(true);
    try {
      await chat.getMessages(peer, { before });
    } finally {
      setLoading(false);
    }
  };
  return (
    <div className={styles.hole}>
      <span>{t("pane.hole")}</span>
      <button type="button" className={`${ui.button} ${ui.small}`} disabled={loading} onClick={() => attempt(load)}>
        {loading ? t("pane.loading") : t("pane.load")}
      </button>
    </div>
  );
}
