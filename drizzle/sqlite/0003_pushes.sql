CREATE TABLE `push_log` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`vendor` text NOT NULL,
	`conversation_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`outcome` text NOT NULL,
	`reason` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `push_log_by_user` ON `push_log` (`user_id`,`id`);--> statement-breakpoint
CREATE INDEX `push_log_by_age` ON `push_log` (`at`);--> statement-breakpoint
CREATE TABLE `push_preferences` (
	`user_id` text PRIMARY KEY NOT NULL,
	`preview` text NOT NULL,
	`quiet_from` integer,
	`quiet_to` integer,
	`time_zone` text,
	`muted_until` integer
);
--> statement-breakpoint
CREATE TABLE `push_tokens` (
	`user_id` text NOT NULL,
	`device_id` text NOT NULL,
	`vendor` text NOT NULL,
	`token` text NOT NULL,
	`token_key` text NOT NULL,
	`environment` text NOT NULL,
	`language` text,
	`registered_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `device_id`, `vendor`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `push_tokens_by_token` ON `push_tokens` (`vendor`,`token_key`);--> statement-breakpoint
CREATE TABLE `pushes` (
	`user_id` text NOT NULL,
	`conversation_id` integer NOT NULL,
	`device_id` text NOT NULL,
	`vendor` text NOT NULL,
	`seq` integer NOT NULL,
	`position` integer NOT NULL,
	`shown_seq` integer DEFAULT 0 NOT NULL,
	`state` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`due_at` integer NOT NULL,
	`lease_until` integer DEFAULT 0 NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `conversation_id`, `device_id`, `vendor`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `pushes_by_due` ON `pushes` (`vendor`,`due_at`) WHERE "pushes"."state" in ('queued', 'withdrawing');--> statement-breakpoint
CREATE INDEX `pushes_by_expiry` ON `pushes` (`expires_at`);