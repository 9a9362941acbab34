CREATE TABLE `audit` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`actor_id` text NOT NULL,
	`device_id` text NOT NULL,
	`action` text NOT NULL,
	`user_id` text,
	`subject` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_by_age` ON `audit` (`at`);--> statement-breakpoint
CREATE INDEX `audit_by_actor` ON `audit` (`actor_id`,`id`);--> statement-breakpoint
CREATE INDEX `audit_by_user` ON `audit` (`user_id`,`id`);--> statement-breakpoint
CREATE TABLE `blocks` (
	`user_id` text NOT NULL,
	`other_id` text NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`user_id`, `other_id`)
);
--> statement-breakpoint
CREATE TABLE `conversations` (
	`id` integer PRIMARY KEY NOT NULL,
	`first_user` text NOT NULL,
	`second_user` text NOT NULL,
	`last_seq` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `conversations_by_pair` ON `conversations` (`first_user`,`second_user`);--> statement-breakpoint
CREATE TABLE `deleted_messages` (
	`conversation_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`user_id` text NOT NULL,
	PRIMARY KEY(`conversation_id`, `seq`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `devices` (
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`platform` text NOT NULL,
	`session` integer DEFAULT 0 NOT NULL,
	`login_order` integer DEFAULT 0 NOT NULL,
	`signed_in_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer,
	`acked_messages` integer DEFAULT 0 NOT NULL,
	`acked_updates` integer DEFAULT 0 NOT NULL,
	`acked_conversations` integer DEFAULT 0 NOT NULL,
	`lost_messages` integer DEFAULT 0 NOT NULL,
	`lost_updates` integer DEFAULT 0 NOT NULL,
	`lost_conversations` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`user_id`, `device_id`)
);
--> statement-breakpoint
CREATE INDEX `devices_by_expiry` ON `devices` (`expires_at`);--> statement-breakpoint
CREATE TABLE `friend_requests` (
	`user_id` text NOT NULL,
	`other_id` text NOT NULL,
	`since` integer NOT NULL,
	`hidden` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`user_id`, `other_id`)
);
--> statement-breakpoint
CREATE TABLE `friendships` (
	`user_id` text NOT NULL,
	`other_id` text NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`user_id`, `other_id`)
);
--> statement-breakpoint
CREATE TABLE `members` (
	`user_id` text NOT NULL,
	`peer_id` text NOT NULL,
	`conversation_id` integer NOT NULL,
	`read_seq` integer DEFAULT 0 NOT NULL,
	`cleared_seq` integer DEFAULT 0 NOT NULL,
	`last_own_seq` integer DEFAULT 0 NOT NULL,
	`last_seq` integer NOT NULL,
	`last_position` integer NOT NULL,
	`last_activity_at` integer NOT NULL,
	`pinned` integer DEFAULT 0 NOT NULL,
	`muted` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`user_id`, `peer_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `members_by_activity` ON `members` (`user_id`,`pinned`,`last_position`);--> statement-breakpoint
CREATE TABLE `messages` (
	`conversation_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`sender_id` text NOT NULL,
	`recipient_id` text NOT NULL,
	`nickname` text,
	`avatar_url` text,
	`content` text,
	`edit_for_sender` text,
	`custom_data` text,
	`push` text,
	`client_message_id` text,
	`fingerprint` text,
	`reply_to_seq` integer,
	`sent_at` integer NOT NULL,
	`edited_at` integer,
	`recalled_at` integer,
	`offline_until` integer,
	`hidden` integer DEFAULT 0 NOT NULL,
	`recipient_position` integer,
	PRIMARY KEY(`conversation_id`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `messages_by_key` ON `messages` (`sender_id`,`client_message_id`) WHERE "messages"."client_message_id" is not null;--> statement-breakpoint
CREATE INDEX `messages_by_age` ON `messages` (`sent_at`);--> statement-breakpoint
CREATE TABLE `settings` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `store_info` (
	`id` integer PRIMARY KEY NOT NULL,
	`generation` text NOT NULL,
	`believed_at` integer
);
--> statement-breakpoint
CREATE TABLE `user_log` (
	`user_id` text NOT NULL,
	`position` integer NOT NULL,
	`kind` text NOT NULL,
	`conversation_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`at` integer NOT NULL,
	`origin` text,
	PRIMARY KEY(`user_id`, `position`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `user_log_by_age` ON `user_log` (`at`);--> statement-breakpoint
CREATE INDEX `user_log_updates` ON `user_log` (`user_id`,`position`) WHERE "user_log"."kind" in ('recalled', 'edited', 'read', 'delivered');--> statement-breakpoint
CREATE INDEX `user_log_conversations` ON `user_log` (`user_id`,`position`) WHERE "user_log"."kind" = 'conversation';--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`nickname` text,
	`avatar_url` text,
	`friend_policy` text DEFAULT 'ASK' NOT NULL,
	`muted_until` integer,
	`tokens_from` integer,
	`created_at` integer NOT NULL,
	`head` integer DEFAULT 0 NOT NULL,
	`floor_messages` integer DEFAULT 0 NOT NULL,
	`floor_updates` integer DEFAULT 0 NOT NULL,
	`floor_conversations` integer DEFAULT 0 NOT NULL,
	`delivered_position` integer DEFAULT 0 NOT NULL
);
