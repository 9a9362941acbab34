/** Who is signed in. */
import { type Environment, fetchQuery, graphql } from "relay-runtime";
import type { ViewerQuery } from "./__generated__/ViewerQuery.graphql";

export async function fetchViewer(environment: Environment): Promise<string | undefined> {
  const query = graphql`
    query ViewerQuery { viewer { id } }
  `;
  return (await fetchQuery<ViewerQuery>(environment, query, {}).toPromise())?.viewer.id;
}
