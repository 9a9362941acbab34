CREATE TABLE `log_runs` (
	`oldest_at` integer NOT NULL,
	`user_id` text NOT NULL,
	`first_position` integer NOT NULL,
	PRIMARY KEY(`oldest_at`, `user_id`, `first_position`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `message_runs` (
	`oldest_at` integer NOT NULL,
	`conversation_id` integer NOT NULL,
	`first_seq` integer NOT NULL,
	PRIMARY KEY(`oldest_at`, `conversation_id`, `first_seq`)
) WITHOUT ROWID;
--> statement-breakpoint
DROP INDEX `messages_by_age`;--> statement-breakpoint
DROP INDEX `user_log_by_age`;--> statement-breakpoint
ALTER TABLE `conversations` ADD `last_at` integer;--> statement-breakpoint
ALTER TABLE `conversations` ADD `run_seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `head_at` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `run_position` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
INSERT INTO `message_runs` (`oldest_at`, `conversation_id`, `first_seq`)
	SELECT `sent_at`, `conversation_id`, `seq` FROM (
		SELECT `sent_at`, `conversation_id`, `seq`,
			lag(`sent_at`) OVER (PARTITION BY `conversation_id` ORDER BY `seq`) AS `before_at` FROM `messages`
	) WHERE `before_at` IS NULL OR `before_at` > `sent_at`;
--> statement-breakpoint
INSERT INTO `log_runs` (`oldest_at`, `user_id`, `first_position`)
	SELECT `at`, `user_id`, `position` FROM (
		SELECT `at`, `user_id`, `position`,
			lag(`at`) OVER (PARTITION BY `user_id` ORDER BY `position`) AS `before_at` FROM `user_log`
	) WHERE `before_at` IS NULL OR `before_at` > `at`;
--> statement-breakpoint
UPDATE `conversations` SET `last_at` = (
	SELECT `sent_at` FROM `messages` WHERE `conversation_id` = `conversations`.`id` ORDER BY `seq` DESC LIMIT 1
);
--> statement-breakpoint
UPDATE `users` SET `head_at` = (
	SELECT `at` FROM `user_log` WHERE `user_id` = `users`.`id` ORDER BY `position` DESC LIMIT 1
);
