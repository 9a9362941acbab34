CREATE TABLE `media_uses` (
	`conversation_id` integer NOT NULL,
	`seq` integer NOT NULL,
	`upload_id` text NOT NULL,
	PRIMARY KEY(`conversation_id`, `seq`, `upload_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `media_uses_by_upload` ON `media_uses` (`upload_id`);--> statement-breakpoint
CREATE TABLE `uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`size` integer NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`facts` text,
	`refusal` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `uploads_by_owner` ON `uploads` (`owner_id`,`state`,`size`);--> statement-breakpoint
CREATE INDEX `uploads_by_expiry` ON `uploads` (`expires_at`) WHERE "uploads"."expires_at" is not null;--> statement-breakpoint
CREATE INDEX `uploads_unfinished` ON `uploads` (`id`) WHERE "uploads"."state" in ('UPLOADING', 'PROCESSING');