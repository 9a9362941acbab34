/** Text, with its links. */
import { LinkifyIt } from "linkify-it";
import { Fragment, type ReactNode, useMemo } from "react";
import styles from "./content.module.css";

const linkify = new LinkifyIt({ fuzzyEmail: false, fuzzyIP: false });
linkify.add("ftp:", null).add("//", null).add("mailto:", null);

function linked(text: string): ReactNode {
  const matches = linkify.match(text) ?? [];
  let at = 0;
  const parts = matches.map(({ index, lastIndex, url, text: shown }) => {
    const before = text.slice(at, index);
    at = lastIndex;
    return (
      <Fragment key={index}>
        {before}
        <a href={url} target="_blank" rel="noopener noreferrer">
          {shown}
        </a>
      </Fragment>
    );
  });
  return [...parts, text.slice(at)];
}

export function TextView({ text }: { readonly text: string }) {
  const shown = useMemo(() => linked(text), [text]);
  return (
    <span className={styles.text} dir="auto">
      {shown}
    </span>
  );
}
