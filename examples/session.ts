/** A device that stays signed in: it logs in when it must, and again when its access token has run out. */

/** What a client needs of it. */
export interface Session {
  /** The token to send; logs in where there is none. */
  accessToken(): Promise<string>;
  /** Forgets the token that the server has refused, unless there is another one already. */
  expire(token: string): void;
}

const LOGIN = `mutation Login($input: LoginInput!) {
  login(input: $input) { accessToken }
}`;

/**
 * @param url the endpoint, such as `https://chat.example.com/graphql`
 * @param device kept by the client over restarts: what was not acknowledged waits for it
 * @param appToken asks the app's own back end for a fresh JWT of its user
 */
export function createSession(
  url: string,
  device: { deviceId: string; platform: "WEB" | "IOS" | "ANDROID" | "DESKTOP" | "OTHER" },
  appToken: () => Promise<string>,
): Session {
  let current: Promise<string> | null = null;
  let known: string | null = null;

  async function login(): Promise<string> {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${await appToken()}` },
      body: JSON.stringify({ query: LOGIN, variables: { input: device } }),
    });
    const { data, errors } = await response.json();
    if (data?.login == null) throw new Error(errors[0].message);
    known = data.login.accessToken;
    return data.login.accessToken;
  }

  return {
    accessToken() {
      current ??= login().catch((error: unknown) => {
        current = null;
        throw error;
      });
      return current;
    },
    expire(token) {
      if (token === known) current = null;
    },
  };
}
