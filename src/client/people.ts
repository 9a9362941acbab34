/** Friends, requests, the blacklist, profiles. */
import type { Connection } from "./connection.ts";
import { fromRefused, ParleyError, type Refused } from "./errors.ts";
import {
  AcceptFriend,
  AddFriend,
  BlockedUsers,
  BlockUser,
  DeclineFriend,
  FriendRequests,
  Friends,
  type FriendshipStatus,
  GetUser,
  type PeopleFragment,
  RemoveFriend,
  UnblockUser,
  UpdateProfile,
  type UpdateProfileInput,
} from "./generated.ts";
import type { User } from "./model.ts";

const MOST_PER_PAGE = 100;

type FriendshipResult = { readonly status: FriendshipStatus } | Refused | null;

/** @throws ParleyError with the code of the refusal */
function statusOf(result: FriendshipResult): FriendshipStatus {
  if (result === null) throw new ParleyError("UNKNOWN", "The server gave no answer.");
  if ("status" in result) return result.status;
  throw fromRefused(result);
}

async function allOf(page: (after: string | null) => Promise<PeopleFragment | null>): Promise<User[]> {
  const people: User[] = [];
  for (let after: string | null = null; ; ) {
    const list = await page(after);
    people.push(...(list?.nodes ?? []));
    after = list?.pageInfo.endCursor ?? null;
    if (list?.pageInfo.hasNextPage !== true) return people;
  }
}

/** All of them ask the server; each throws a ParleyError, OFFLINE where there is no connection. */
export class People {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Somebody, with whether they are online; null for nobody. */
  async get(id: string): Promise<User | null> {
    return (await this.#connection.ask(GetUser, { id })).user;
  }

  /** The viewer's friends, the newest first. */
  friends(): Promise<User[]> {
    return allOf(async (after) => (await this.#connection.ask(Friends, { first: MOST_PER_PAGE, after })).friends);
  }

  /** Who asks for the viewer's friendship, the newest first. */
  friendRequests(): Promise<User[]> {
    return allOf(
      async (after) => (await this.#connection.ask(FriendRequests, { first: MOST_PER_PAGE, after })).friendRequests,
    );
  }

  /** The viewer's blacklist, the newest first. */
  blocked(): Promise<User[]> {
    return allOf(
      async (after) => (await this.#connection.ask(BlockedUsers, { first: MOST_PER_PAGE, after })).blockedUsers,
    );
  }

  /** Asks for friendship, with a greeting of at most 500 bytes. @returns how things stand then */
  async addFriend(user: string, greeting?: string): Promise<FriendshipStatus> {
    const input = { user, greeting: greeting ?? null };
    return statusOf((await this.#connection.ask(AddFriend, { input })).addFriend);
  }

  async acceptFriend(user: string): Promise<FriendshipStatus> {
    return statusOf((await this.#connection.ask(AcceptFriend, { user })).acceptFriend);
  }

  async declineFriend(user: string): Promise<FriendshipStatus> {
    return statusOf((await this.#connection.ask(DeclineFriend, { user })).declineFriend);
  }

  /** Ends a friendship, or withdraws a request. */
  async removeFriend(user: string): Promise<FriendshipStatus> {
    return statusOf((await this.#connection.ask(RemoveFriend, { user })).removeFriend);
  }

  async block(user: string): Promise<void> {
    await this.#connection.ask(BlockUser, { user });
  }

  async unblock(user: string): Promise<void> {
    await this.#connection.ask(UnblockUser, { user });
  }

  /** What is left out stays; null clears it. */
  async updateProfile(change: Pick<UpdateProfileInput, "nickname" | "avatarUrl" | "friendPolicy">): Promise<User> {
    const { updateProfile } = await this.#connection.ask(UpdateProfile, { input: change });
    if (updateProfile === null) throw new ParleyError("UNKNOWN", "The server gave no answer.");
    return updateProfile.user;
  }
}
