-- A role for the mail worker. The worker holds CODE_KEYS, so it can derive codes: what else opens an account, the hashes
-- of passwords and tokens, is not for its eyes. It may read what a mail needs, write down what became of the mail, and
-- delete what is no longer kept. It takes a Redis: a queue on PostgreSQL makes tables of its own, as the tables' owner.
--
-- Run it as the owner of the tables, after the first start of an API server, and again after each upgrade:
--
--   psql "$DATABASE_URL" --single-transaction --set=ON_ERROR_STOP=1 --file=docs/worker-role.sql
--
-- and give the role a password once: \password doorstep_worker

do $$ begin
  if not exists (select from pg_roles where rolname = 'doorstep_worker') then create role doorstep_worker login; end if;
end $$;

-- What follows is all that it may do.
revoke all on all tables in schema public from doorstep_worker;
grant usage on schema public to doorstep_worker;

grant select on mikro_orm_migrations to doorstep_worker;

-- Which keys the others have, before it starts; the ids of its own where it is the first.
grant select, insert on key_fingerprint to doorstep_worker;

-- The outbox.
grant select, delete on delivery to doorstep_worker;
grant update (state, failure, reply_code, enhanced_status, attempts, next_attempt_at, claimed_until, data_begun_at,
  unknown_sends, changed_at) on delivery to doorstep_worker;

-- What a mail says, and whether it is still worth sending.
grant select (id, email, subject_email, client_id, epoch, two_step_enabled_at) on account to doorstep_worker;
grant select (id, account_id, client_id, request_id, action, device_id, purpose, state, key_id, salt, code_length, epoch, email, platform, device_name, ip_address,
  locale, mailed_at, code_given_at, created_at, expires_at, ended_at),
  update (mailed_at, code_given_at, ended_at, password_hash), delete on challenge to doorstep_worker;
grant select (id, kind, key_id, salt, waits_until, ended_at) on held_change to doorstep_worker;

-- The feed: events get their numbers here.
grant select, delete on event to doorstep_worker;
grant update (number) on event to doorstep_worker;
grant select (id, head, webhook_head), update (head, webhook_head) on event_log to doorstep_worker;

-- Who asks for what a mail tells of, and in whose name it comes. Webhooks: to whom they go, and what became of them.
grant select (id, name, product_name, sender, link, scopes, own_accounts, webhooks, webhook_key_id, ended_at) on api_client to doorstep_worker;
grant select, insert, update, delete on webhook to doorstep_worker;

-- Pushes: which devices may be woken, and what became of it.
grant select, insert, update, delete on push to doorstep_worker;
grant select, update (accepted_at, refused_at, checked_at), delete on push_subscription to doorstep_worker;

-- Retention: the columns that tell a row's age, and whether something else still needs it.
grant select (id, device_id, made_device, challenge_id, parent_id, last_used_at, created_at, ended_at), update (ended_at),
  delete on session to doorstep_worker;
grant select (expires_at), delete on hand_over to doorstep_worker;
grant select (id, account_id, trusted_at, receives_codes, last_seen_at, removed_at), update (removed_at), delete on device to doorstep_worker;
grant select (retired_at), delete on device_token to doorstep_worker;
grant select (renewed_at), delete on presence to doorstep_worker;
grant select (occurred_at), delete on activity to doorstep_worker;
grant select (last_at), delete on password_attempt to doorstep_worker;
grant select (expires_at), delete on verification to doorstep_worker;
grant select (deleted_at), delete on deleted_subject to doorstep_worker;
grant delete on held_change to doorstep_worker;
grant select (since), delete on password_tally to doorstep_worker;
grant select (created_at), delete on support_report to doorstep_worker;
